package dev.asterism.cli.e2e;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// A node and a registry at the other end of a link. Its images have two layers: programs, which
/// the node has whole from the beginning, and files of the test's own, which it has nothing of.
///
/// So whatever crosses the link is of the test. Confined to one thread.
final class NodeBehindLink implements AutoCloseable {
  /// 200 Mbit/s and 20 ms.
  static final LinkShape ORDINARY = LinkShape.of(200, 20);

  private static final long PAUSE = 20; // milliseconds between two looks
  private static final String BYTES = "bytes=";
  private static final String SUFFIX = "bytes=-";
  private static final String ANY_BYTE = "bytes=0-0";
  private static final Pattern PAIR = Pattern.compile("\"([a-z-]+)\":\"([^\"]*)\"");

  private final Cleanup cleanup;
  private final TestRegistry registry;
  private final ShapedLink link;
  private final TestNode node;
  private final TestLayer programs;

  /// Of the programs' files, in hex: they stay when everything else is forgotten.
  private final List<String> kept = new ArrayList<>();

  private final List<String> pulled = new ArrayList<>();

  private NodeBehindLink(Cleanup cleanup) throws IOException, InterruptedException {
    this.cleanup = cleanup;
    Layer layer =
        HostPrograms.layer(
            Path.of("/bin/sh"),
            Path.of("/bin/cat"),
            Path.of("/bin/sleep"),
            Path.of("/usr/bin/sha256sum"));
    programs = lazy(layer.estargz(EstargzOptions.DEFAULT));
    for (Entry entry : layer.entries()) {
      if (entry.content().length > 0) {
        kept.add(Digest.of(entry.content()).hex());
      }
    }
    registry = TestRegistry.start();
    cleanup.add(registry::close);
    link = ShapedLink.to(registry.port(), ORDINARY);
    cleanup.add(link::close);
    node = TestNode.start();
    cleanup.add(node::close);
  }

  /// Starts all of it.
  static NodeBehindLink start() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote", "curl", "ldd");
    Cleanup cleanup = Cleanup.open();
    try {
      NodeBehindLink made = new NodeBehindLink(cleanup);
      made.node.pull(made.serve("fetching/programs", "1"));
      made.awaitComplete(made.programs.content().digest());
      return made;
    } catch (IOException | InterruptedException e) {
      cleanup.close();
      throw e;
    }
  }

  TestNode node() {
    return node;
  }

  TestRegistry registry() {
    return registry;
  }

  ShapedLink link() {
    return link;
  }

  /// Returns bytes that nothing makes smaller.
  static byte[] random(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /// A layer for a registry, its TOC pinned.
  static TestLayer lazy(Layer.EstargzBlob layer) {
    return TestLayer.gzip(layer.bytes())
        .annotated(Annotations.TOC_DIGEST, layer.tocDigest().toString());
  }

  /// Serves an image of the programs and other layers, and returns its name.
  String serve(String repository, String tag, TestLayer... own) {
    return serve(registry, link, repository, tag, own);
  }

  /// As the other, in another registry.
  ///
  /// @param way to it
  String serve(
      TestRegistry other, ShapedLink way, String repository, String tag, TestLayer... own) {
    List<TestLayer> layers = new ArrayList<>(List.of(programs));
    layers.addAll(List.of(own));
    return other.reference(
        other.image(repository, tag, ImageConfig.running("/bin/sh"), layers), way.host());
  }

  /// Pulls an image, which goes with [#empty].
  void pull(String image) throws IOException, InterruptedException {
    pulled.add(image);
    node.pull(image);
  }

  /// Pulls images side by side, which go with [#empty].
  void pullAtOnce(List<String> images) throws Exception {
    pulled.addAll(images);
    List<CompletableFuture<Outcome>> pulls =
        images.stream().map(image -> Readers.run(node.pulling(image))).toList();
    for (CompletableFuture<Outcome> pull : pulls) {
      pull.get().orThrow();
    }
  }

  /// Removes an image that was pulled, and all that only it needs.
  void removeImage(String image) throws IOException, InterruptedException {
    pulled.remove(image);
    node.removeImage(image);
  }

  /// Goes on with a daemon that has another `config.toml`.
  void begin(String configuration) throws IOException, InterruptedException {
    node.stopDaemon();
    node.configure(configuration);
    node.startDaemon();
    node.awaitReconnection();
  }

  /// Has only the programs and the layers' names, as after a pull, for a daemon that is then
  /// started.
  void forgetContent() throws IOException, InterruptedException {
    node.stopDaemon();
    node.forgetContentBut(kept);
  }

  /// Takes away what a test has left: containers, images, faults.
  void empty() throws IOException, InterruptedException {
    registry.clearFaults();
    registry.up();
    link.become(ORDINARY);
    node.empty(pulled);
  }

  /// The registry is gone from now on, for whoever is connected too.
  void cutOff() {
    registry.refuseConnections();
    link.dropConnections();
    link.resetCounters();
  }

  // --- what was asked for

  /// Returns the ranges of a layer's files that a registry was asked for, in this order; not those
  /// that look for its size or for the TOC at its end.
  static List<ByteRange> ranges(TestRegistry registry, Digest layer) {
    return registry.traffic().list(Target.blob(layer)).stream()
        .map(Traffic.Request::range)
        .flatMap(Optional::stream)
        .filter(header -> !header.startsWith(SUFFIX) && !header.equals(ANY_BYTE))
        .map(NodeBehindLink::range)
        .toList();
  }

  /// As the other, of the registry behind the link.
  List<ByteRange> ranges(Digest layer) {
    return ranges(registry, layer);
  }

  private static ByteRange range(String header) {
    String[] ends = header.substring(BYTES.length()).split("-", 2);
    return new ByteRange(Long.parseLong(ends[0]), Long.parseLong(ends[1]) + 1);
  }

  static long bytes(List<ByteRange> ranges) {
    return ranges.stream().mapToLong(ByteRange::length).sum();
  }

  /// Returns the ranges of which an earlier one has brought a part.
  static List<ByteRange> overlaps(List<ByteRange> ranges) {
    return IntStream.range(0, ranges.size())
        .filter(i ->
            ranges.subList(0, i).stream()
                .anyMatch(earlier ->
                    earlier.start() < ranges.get(i).end() && ranges.get(i).start() < earlier.end()))
        .mapToObj(ranges::get)
        .toList();
  }

  // --- what the daemon says

  /// Asks the daemon's admin socket.
  String admin(String path) throws IOException, InterruptedException {
    return Command.of("curl", "--silent", "--show-error", "--retry", "60", "--retry-delay", "1")
        .with("--retry-all-errors", "--unix-socket")
        .with(node.root().resolveSibling("admin.sock").toString(), "http://x" + path)
        .runOrThrow()
        .text();
  }

  /// Runs a command that asks the daemon.
  String ask(String... words) throws IOException, InterruptedException {
    return Asterism.command(words)
        .with("--admin-address", node.root().resolveSibling("admin.sock").toString())
        .runOrThrow()
        .text();
  }

  /// Returns a field of a layer as the daemon lists it; empty if it does not list the layer.
  String field(Digest layer, String name) throws IOException, InterruptedException {
    Matcher field =
        Pattern.compile(
                "\"digest\"\\s*:\\s*\"%s\"[^}]*?\"%s\"\\s*:\\s*\"?([a-z0-9]+)"
                    .formatted(layer, name))
            .matcher(admin("/v1/images"));
    return field.find() ? field.group(1) : "";
  }

  /// Returns how many bytes of a layer's files are in the store.
  long stored(Digest layer) throws IOException, InterruptedException {
    String text = field(layer, "stored");
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /// Tells whether a content is in the store.
  boolean has(byte[] content) throws IOException, InterruptedException {
    return !Command.of("find", node.root().resolve("cache").toString(), "-ignore_readdir_race")
        .with("-name", Digest.of(content).hex())
        .runOrThrow()
        .text()
        .isEmpty();
  }

  /// A state to wait for.
  interface Condition {
    boolean holds() throws IOException, InterruptedException;
  }

  /// Waits for a state; the test's time limit ends this.
  static void await(Condition condition) throws IOException, InterruptedException {
    while (!condition.holds()) {
      Thread.sleep(PAUSE);
    }
  }

  /// Waits until all of a layer has come.
  void awaitComplete(Digest layer) throws IOException, InterruptedException {
    await(() -> field(layer, "complete").equals("true"));
  }

  /// What a daemon has logged of a start: `start-recorded`. Immutable.
  record Start(String line) {
    long number(String field) {
      return PAIR.matcher(line)
          .results()
          .filter(pair -> pair.group(1).equals(field))
          .mapToLong(pair -> Long.parseLong(pair.group(2)))
          .findFirst()
          .orElseThrow();
    }

    /// Adds up a field of all classes.
    long sum(String field) {
      return Stream.of("read", "readahead", "prefetch", "learned", "guess", "background")
          .mapToLong(why -> number(why + "-" + field))
          .sum();
    }
  }

  /// Waits for the record of an image's start, the first that the current daemon has seen.
  Start awaitStart(String image) throws IOException, InterruptedException {
    await(() -> start(image).isPresent());
    return start(image).orElseThrow();
  }

  private Optional<Start> start(String image) throws IOException {
    return node.log()
        .lines()
        .filter(line -> line.contains("\"start-recorded\"") && line.contains(image + "\""))
        .findFirst()
        .map(Start::new);
  }

  /// Removes a folder below the daemon's root.
  void remove(String folder) throws IOException, InterruptedException {
    Path path = node.root().resolve(folder);
    if (Files.exists(path)) {
      Command.of("rm", "-r", path.toString()).runOrThrow();
    }
  }

  @Override
  public void close() throws IOException {
    cleanup.close();
  }
}
