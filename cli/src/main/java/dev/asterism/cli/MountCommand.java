package dev.asterism.cli;

import dev.asterism.cli.mount.MountedImage;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism mount`: a whole image in a directory, without containerd.
@Command(
    name = "mount",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Mounts an image read-only on a directory; its files are fetched as they are read.",
      "Serves it until 'asterism unmount' or Ctrl-C."
    })
final class MountCommand implements Callable<Integer> {
  private static final Duration LOOK = Duration.ofMillis(200); // between two looks at the mounts

  @Parameters(index = "0", paramLabel = "IMAGE", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageReference image;

  @Parameters(index = "1", paramLabel = "DIR", description = "an existing directory")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private Path directory;

  @Option(
      names = {"-d", "--detach"},
      description = "return when it is mounted, and serve it in the background")
  private boolean detach;

  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      description = "where its chunks are kept (default: below /var/lib/asterism-mounts)")
  private Optional<Path> root = Optional.empty();

  @Mixin private final RegistryOptions registry = new RegistryOptions();
  @Mixin private final LogOptions log = new LogOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    log.apply();
    Path mountpoint = MountedImage.mountpoint(directory);
    Path store =
        root.map(Path::toAbsolutePath).orElseGet(() -> MountedImage.defaultRoot(mountpoint));
    if (MountedImage.isMounted(mountpoint)) {
      throw new IOException("an image is mounted on %s already".formatted(mountpoint));
    }
    if (detach) {
      inBackground(mountpoint, store);
    } else {
      serve(mountpoint, store);
    }
    return ExitCode.OK;
  }

  private void serve(Path mountpoint, Path store) throws IOException {
    Progress progress = Progress.onStandardError();
    try (StopSignal stop = StopSignal.open();
        RegistryClient client = registry.client(spec)) {
      progress.step("resolving " + image);
      Image resolved = client.resolve(image, registry.platform());
      try (MountedImage _ =
          MountedImage.mount(
              resolved, mountpoint, store, new RegistryBlobs(client), progress::step)) {
        progress.done();
        say("%s is mounted on %s".formatted(image, mountpoint));
        boolean told = false;
        while (!told && MountedImage.isMounted(mountpoint)) {
          told = stop.await(LOOK);
        }
      }
    }
  }

  /// Starts the same command without `--detach` and waits until it has mounted.
  private void inBackground(Path mountpoint, Path store) throws IOException, InterruptedException {
    Path output = Files.createDirectories(store).resolve("mount.log");
    List<String> words = new ArrayList<>(List.of("setsid"));
    words.addAll(OwnProgram.words());
    words.addAll(
        spec.commandLine().getParseResult().originalArgs().stream()
            .filter(word -> !word.equals("--detach") && !word.equals("-d"))
            .toList());
    Process process =
        new ProcessBuilder(words)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    while (!MountedImage.isMounted(mountpoint)) {
      if (process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(lastLine(output));
      }
    }
    say("%s is mounted on %s by process %d".formatted(image, mountpoint, process.pid()));
  }

  private static String lastLine(Path output) throws IOException {
    List<String> lines = Files.readAllLines(output);
    return lines.isEmpty()
        ? "it ended without a word"
        : lines.getLast().replaceFirst("^asterism: ", "");
  }

  private void say(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }
}
