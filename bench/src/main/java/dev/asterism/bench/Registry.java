package dev.asterism.bench;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Debian's docker-registry over the images that `bench/images` made, read-only, with nginx before
/// it that sends the blobs, and a slow link before both.
///
/// The link counts bytes and connections, nginx's log the requests. Confined to one thread.
final class Registry implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");
  private static final Pattern ACCESS = Pattern.compile("\"(GET|HEAD) /v2/");
  private static final long PAUSE = 10; // milliseconds between two looks at the log
  private static final Duration QUIET = Duration.ofSeconds(3);
  private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

  private final Cleanup cleanup = Cleanup.open();
  private final Path log;
  private final LinkShape shape;
  private final ShapedLink link;
  private final String direct;
  private final RegistryClient client;
  private final Platform platform;
  private final Map<String, Contents> contents = new HashMap<>();

  /// Starts it.
  ///
  /// @param storage docker-registry's `rootdirectory`
  /// @throws IOException if it does not start; nothing is left then
  static Registry start(Path storage, LinkShape shape) throws IOException, InterruptedException {
    return new Registry(storage, shape, true);
  }

  /// Starts an empty one, to be pushed to, behind a link of its own like this one's.
  ///
  /// @param storage a folder; stays the caller's
  Registry another(Path storage) throws IOException, InterruptedException {
    return new Registry(storage, shape, false);
  }

  private Registry(Path storage, LinkShape shape, boolean readOnly)
      throws IOException, InterruptedException {
    this.shape = shape;
    try {
      ScratchFolder scratch = ScratchFolder.create("asterism-bench-registry-");
      cleanup.add(scratch::close);
      log = scratch.path().resolve("requests");
      Path config = scratch.path().resolve("config.yaml");
      int port =
          serve(
              Files.writeString(config, configuration(storage, readOnly)),
              scratch.path().resolve("log"));
      BlobServer blobs = BlobServer.start(scratch.path(), log, storage, port);
      cleanup.add(blobs::close);
      link = ShapedLink.to(blobs.port(), shape);
      cleanup.add(link::close);
      direct = "127.0.0.1:" + port;
      client =
          new RegistryClient(
              Hosts.standard(),
              Credentials.anonymous(),
              RequestPolicy.DEFAULT,
              InstantSource.system());
      cleanup.add(client::close);
      platform = Platform.parse("linux/" + System.getProperty("os.arch"));
    } catch (IOException | InterruptedException e) {
      cleanup.close();
      throw e;
    }
  }

  private static String configuration(Path storage, boolean readOnly) {
    return """
    version: 0.1
    storage:
      filesystem:
        rootdirectory: %s
      maintenance:
        readonly:
          enabled: %s
    http:
      addr: 127.0.0.1:0
    """
        .formatted(storage, readOnly);
  }

  private int serve(Path config, Path log) throws IOException, InterruptedException {
    ProcessBuilder builder =
        Command.of("setsid", "docker-registry", "serve", config.toString()).builder();
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Process process = builder.start();
    cleanup.add(process::destroyForcibly);
    while (true) {
      Matcher listening = LISTENING.matcher(Files.readString(log));
      if (listening.find()) {
        return Integer.parseInt(listening.group(1));
      }
      if (process.waitFor(PAUSE, TimeUnit.MILLISECONDS)) {
        throw new IOException("docker-registry ended: " + Files.readString(log));
      }
    }
  }

  /// Returns the name of an image behind the slow link.
  ///
  /// @param tag its name here, e.g. `python:1-esgz`
  String reference(String tag) {
    return link.host() + "/" + tag;
  }

  /// Returns the name of an image beside the slow link: for whoever makes images.
  String direct(String tag) {
    return direct + "/" + tag;
  }

  /// Returns what an image holds; read beside the link.
  ///
  /// @throws IOException if there is no such image or it is not eStargz
  Contents contents(String tag) throws IOException {
    Contents known = contents.get(tag);
    if (known == null) {
      known = Contents.read(blobs(tag));
      contents.put(tag, known);
    }
    return known;
  }

  /// Describes the images whose contents were asked for, by name.
  SequencedMap<String, String> described() {
    SequencedMap<String, String> found = new TreeMap<>();
    contents.forEach((tag, image) -> found.put(tag, image.toString()));
    return found;
  }

  private List<Blob> blobs(String tag) throws IOException {
    return blobs(direct, tag);
  }

  private List<Blob> blobs(String host, String tag) throws IOException {
    ImageReference reference = ImageReference.parse(host + "/" + tag);
    Image image = client.resolve(reference, platform);
    List<Blob> blobs = new ArrayList<>();
    for (Descriptor layer : image.layers()) {
      blobs.add(client.blob(reference, layer.digest(), OptionalLong.of(layer.size())));
    }
    return blobs;
  }

  /// Reads an image's blobs beside the link, so blobs are sent from memory.
  void warm(String tag) throws IOException {
    for (Blob blob : blobs(tag)) {
      try (InputStream in = blob.open(new ByteRange(0, blob.size()))) {
        in.transferTo(OutputStream.nullOutputStream());
      }
    }
  }

  /// Downloads an image's layers over the link, all at once, and returns how many there are.
  int download(String tag) throws IOException {
    List<Blob> blobs = blobs(link.host(), tag);
    List<Future<?>> downloads = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Blob blob : blobs) {
        downloads.add(
            threads.submit(() -> {
              try (InputStream in = blob.open(new ByteRange(0, blob.size()))) {
                return in.transferTo(OutputStream.nullOutputStream());
              }
            }));
      }
    }
    for (Future<?> download : downloads) {
      if (download.state() == Future.State.FAILED) {
        throw new IOException("download of " + tag, download.exceptionNow());
      }
    }
    return blobs.size();
  }

  /// Watches what is asked from now on; nobody else does any more.
  Timeline watch() {
    Timeline timeline = new Timeline();
    link.observe(timeline);
    return timeline;
  }

  /// Waits until so many bytes have come over the link since the start, two minutes at most.
  void awaitBytes(long bytes) throws InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (link.bytesDown() < bytes && System.nanoTime() < end) {
      Thread.sleep(PAUSE);
    }
  }

  /// Returns what has come over the link until now.
  Transfer transfer() {
    return new Transfer(link.bytesDown(), requests(), link.connections());
  }

  private long requests() {
    try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      return lines.filter(line -> ACCESS.matcher(line).find()).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Waits until nothing has come over the link for three seconds, for two minutes at most.
  void awaitQuiet() throws InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    long before;
    do {
      before = link.bytesDown();
      Thread.sleep(QUIET);
    } while (link.bytesDown() != before && System.nanoTime() < end);
  }

  @Override
  public void close() throws IOException {
    cleanup.close();
  }
}
