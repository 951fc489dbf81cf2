package dev.asterism.cli.optimize;

import dev.asterism.cli.mount.MountedImage;
import dev.asterism.images.Converter;
import dev.asterism.images.FileRecord;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImagePlaces;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.PlatformImage;
import dev.asterism.images.Platforms;
import dev.asterism.images.TransferListener;
import dev.asterism.images.TransferOptions;
import dev.asterism.linux.RootedDirectory;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.function.Consumer;

/// One run of an image's workload, watched.
///
/// The image is converted in a hurry and mounted as a node would mount it, with a directory to
/// write to on top; runc runs the workload on it, and the kernel tells what is opened there
/// (fanotify).
///
/// @param platform of the image that is run; this machine's, or one that it can run
/// @param folder an empty folder for all of it, some twice the image's size; not removed here
/// @param converter how to convert in a hurry
/// @param progress is told what is being done
/// @param output gets what the workload prints
public record Trial(
    Platform platform,
    Path folder,
    Converter converter,
    Consumer<String> progress,
    PrintStream output) {
  /// Names what is in no registry; `.invalid` never is (RFC 2606).
  private static final ImageReference NAME = ImageReference.parse("trial.invalid/image:trial");

  private static final Duration LOOK = Duration.ofMillis(100); // between two looks
  private static final int MAX_USERS = 1 << 20; // bytes of /etc/passwd
  private static final int LAYERS_AT_ONCE = 3;

  /// Runs the workload of `source`.
  ///
  /// @param places to open the trial's own image with
  /// @return what was opened, first things first; layers are not known
  /// @throws ToldToEndException if a signal came before `until`; nothing runs and nothing is
  ///   mounted then
  /// @throws IOException if the image can't be run; likewise
  public FileRecord run(
      ImageSource source, Workload.Changes changes, Until until, ImagePlaces places)
      throws IOException, InterruptedException {
    Workload workload = Workload.of(PlatformImage.of(source, platform).container(), changes);
    Container.requireRuntime();
    progress.accept("converting for the trial");
    ImageLocation layout = new ImageLocation.InLayout(folder.resolve("image"), Optional.empty());
    try (ImageSink sink = layout.sink(places)) {
      Platforms one = new Platforms.Of(List.of(platform));
      converter.convert(
          source, sink, new TransferOptions(one, true, LAYERS_AT_ONCE), TransferListener.NONE);
    }
    try (Signals signals = Signals.open();
        ImageSource converted = layout.source(places)) {
      FileRecord record = mounted(converted, workload, until, signals);
      requireWanted(until, signals.await(Duration.ZERO)); // one that nobody looked for any more
      return record;
    }
  }

  /// @throws ToldToEndException if a signal came that is not what is waited for
  private static void requireWanted(Until until, Optional<Signals.Kind> told)
      throws ToldToEndException {
    if (told.isPresent() && !(until instanceof Until.Signal)) {
      throw new ToldToEndException(
          told.get(), "told to end while the workload ran: nothing was written");
    }
  }

  private FileRecord mounted(ImageSource converted, Workload workload, Until until, Signals signals)
      throws IOException, InterruptedException {
    PlatformImage image = PlatformImage.of(converted, platform);
    Image resolved =
        new Image(
            NAME,
            image.manifest(),
            image.config(),
            image.layers().stream().map(PlatformImage.Layer::descriptor).toList());
    Path rootfs = Files.createDirectory(folder.resolve("rootfs"));
    MountedImage.Writable top =
        new MountedImage.Writable(
            Files.createDirectory(folder.resolve("upper")),
            Files.createDirectory(folder.resolve("work")));
    try (MountedImage _ =
        MountedImage.mountWritable(
            resolved,
            rootfs,
            top,
            folder.resolve("store"),
            new LayoutBlobs(converted, image.layers()),
            progress)) {
      ContainerUser user =
          ContainerUser.of(workload.user(), users(rootfs, "passwd"), users(rootfs, "group"));
      List<BindMount> names = workload.names().mounts(folder, workload.hostNetwork());
      byte[] spec = RuntimeSpec.of(workload, user, rootfs, names);
      return watched(spec, workload.attached(), rootfs, until, signals);
    }
  }

  /// Returns the lines of the image's `/etc/passwd` or `/etc/group`; none if it has no such file.
  private static List<String> users(Path rootfs, String file) throws IOException {
    Optional<RootedDirectory> etc =
        RootedDirectory.find(rootfs, "etc".getBytes(StandardCharsets.UTF_8));
    if (etc.isEmpty()) {
      return List.of();
    }
    try (RootedDirectory directory = etc.get()) {
      Path path = directory.path().resolve(file);
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
        return List.of();
      }
      try (InputStream in = Files.newInputStream(path, LinkOption.NOFOLLOW_LINKS)) {
        String text = new String(in.readNBytes(MAX_USERS), StandardCharsets.ISO_8859_1);
        return text.lines().toList();
      }
    }
  }

  private FileRecord watched(
      byte[] spec, Workload.Attached attached, Path rootfs, Until until, Signals signals)
      throws IOException, InterruptedException {
    try (OpenRecorder recorder = OpenRecorder.start(rootfs)) {
      Optional<String> line =
          until instanceof Until.Line(String text, _) ? Optional.of(text) : Optional.empty();
      try (Container container = Container.start(folder, spec, attached, output, line)) {
        progress.accept("running the workload");
        await(container, until, signals);
        container.stop();
        Optional<String> trouble = container.trouble();
        if (trouble.isPresent()) {
          throw new IOException("the workload could not be run: " + trouble.get());
        }
      }
      FileRecord record = record(recorder.finish());
      if (recorder.lost() > 0) {
        progress.accept(
            "%d opens are not in the record: the kernel lost them".formatted(recorder.lost()));
      }
      return record;
    }
  }

  private void await(Container container, Until until, Signals signals)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    while (!container.hasEnded()) {
      Optional<Signals.Kind> told = signals.await(LOOK);
      requireWanted(until, told);
      boolean seen =
          switch (until) {
            case Until.Period(Duration length) -> hasPassed(length, start);
            case Until.Line(_, Duration limit) ->
                container.hasPrintedLine() || hasPassed(limit, start);
            case Until.Signal _ -> told.isPresent();
          };
      if (seen) {
        if (until instanceof Until.Line(_, Duration limit) && !container.hasPrintedLine()) {
          progress.accept(
              "the line did not come within %d seconds: --period gives it more"
                  .formatted(limit.toSeconds()));
        }
        return;
      }
    }
    if (container.exitCode() != 0) {
      progress.accept("the workload ended with exit code " + container.exitCode());
    }
  }

  private static boolean hasPassed(Duration length, long start) {
    return System.nanoTime() - start >= length.toNanos();
  }

  private static FileRecord record(SequencedMap<String, Long> opened) {
    List<FileRecord.Entry> entries = new ArrayList<>();
    opened.forEach((path, milliseconds) ->
        entries.add(FileRecord.Entry.opened(path, OptionalLong.of(milliseconds))));
    return new FileRecord(entries);
  }
}
