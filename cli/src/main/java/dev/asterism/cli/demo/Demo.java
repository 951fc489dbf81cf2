package dev.asterism.cli.demo;

import dev.asterism.cli.cache.ContentText;
import dev.asterism.cli.cache.Sharing;
import dev.asterism.cli.cache.SharingMap;
import dev.asterism.cli.cache.StoreContent;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.image.BuiltImage;
import dev.asterism.testkit.image.DemoImage;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Runs the two versions of one image with both snapshotters and compares.
public final class Demo {
  private static final int LEVEL = 6; // of deflate, gzip's own default
  private static final int CHUNK_SIZE =
      1 << 20; // 1 MiB: large files are not fetched in large pieces

  private static final long LAST_SECONDS = 10; // that a process has which was killed

  private final List<String> ownProgram;
  private final LinkSpeed speed;
  private final Path map;
  private final Consumer<String> progress;

  /// @param ownProgram the words that start `asterism`; a subcommand follows
  /// @param map where the picture of Asterism's store is written, with the directories above it
  /// @param progress is told what is being done
  public Demo(List<String> ownProgram, LinkSpeed speed, Path map, Consumer<String> progress) {
    this.ownProgram = List.copyOf(ownProgram);
    this.speed = speed;
    this.map = map.toAbsolutePath();
    this.progress = progress;
  }

  /// Runs it all and returns the table. Needs root; some two minutes.
  ///
  /// @throws IOException if a part fails; nothing is left behind then either
  public String run() throws IOException, InterruptedException {
    try (Cleanup cleanup = Cleanup.open()) {
      ScratchFolder scratch = ScratchFolder.create("asterism-demo");
      cleanup.add(scratch::close);
      cleanup.add(Demo::endChildren);
      TestRegistry registry = TestRegistry.start();
      cleanup.add(registry::close);
      ShapedLink link =
          ShapedLink.to(registry.port(), new LinkShape(speed.bitsPerSecond(), speed.roundTrip()));
      cleanup.add(link::close);
      // Both nodes are up for a while before their first pull, as nodes are.
      Side overlayfs = overlayfs(scratch.path(), registry, link, cleanup);
      Side asterism = asterism(scratch.path(), registry, link, cleanup);
      progress.accept("making two versions of an image from this machine's Java");
      List<BuiltImage> versions = build(Files.createDirectory(scratch.path().resolve("images")));
      List<String> references =
          List.of(reference(registry, link, versions, 0), reference(registry, link, versions, 1));
      Figures first = measure("overlayfs", overlayfs, references);
      Figures second = measure("Asterism", asterism, references);
      Sharing sharing = StoreContent.read(asterismRoot(scratch.path()), _ -> {}).byImage();
      return report(versions, first, second) + sharing(sharing);
    }
  }

  private static Path asterismRoot(Path scratch) {
    return scratch.resolve("asterism/root");
  }

  /// Returns the table of who shares what, and says where the picture of it is.
  private String sharing(Sharing sharing) throws IOException {
    Files.createDirectories(map.toAbsolutePath().getParent());
    Files.writeString(map, SharingMap.svg(sharing), StandardCharsets.UTF_8);
    return """

    What Asterism keeps, as 'asterism cache ls' shows it:

    %s
    The same as a picture, the only file that is left of all this: %s
    """
        .formatted(ContentText.images(sharing), map);
  }

  /// Ends what still runs because a signal came between, and waits until it has.
  private static void endChildren() {
    List<ProcessHandle> children = ProcessHandle.current().children().toList();
    children.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle child : children) {
      child.onExit().completeOnTimeout(child, LAST_SECONDS, TimeUnit.SECONDS).join();
    }
  }

  /// What one side did. Immutable.
  private record Figures(
      Side.Start first,
      Side.Start second,
      Side.ReadThrough firstRead,
      Side.ReadThrough secondRead,
      long disk) {
    Traffic whole() {
      return first
          .fetched()
          .plus(second.fetched())
          .plus(firstRead.fetched())
          .plus(secondRead.fetched());
    }
  }

  private List<BuiltImage> build(Path folder) throws IOException, InterruptedException {
    DemoImage image =
        new DemoImage(
            folder,
            Path.of(System.getProperty("java.home")),
            EstargzOptions.DEFAULT.withLevel(LEVEL).withChunkSize(CHUNK_SIZE));
    FutureTask<BuiltImage> other = start(() -> image.build(2));
    BuiltImage first = image.build(1);
    try {
      return List.of(first, other.get());
    } catch (ExecutionException e) {
      throw new IOException("making version 2: " + e.getCause(), e);
    }
  }

  private static FutureTask<BuiltImage> start(Callable<BuiltImage> work) {
    FutureTask<BuiltImage> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().start(task);
    return task;
  }

  private static String reference(
      TestRegistry registry, ShapedLink link, List<BuiltImage> versions, int index) {
    TestImage image = versions.get(index).serve(registry, "demo", Integer.toString(index + 1));
    return registry.reference(image, link.host());
  }

  private static Side overlayfs(
      Path scratch, TestRegistry registry, ShapedLink link, Cleanup cleanup)
      throws IOException, InterruptedException {
    PrivateContainerd containerd = PrivateContainerd.start(scratch.resolve("overlayfs"));
    cleanup.add(containerd::close);
    return Side.overlayfs(containerd, () -> traffic(registry, link));
  }

  private Side asterism(Path scratch, TestRegistry registry, ShapedLink link, Cleanup cleanup)
      throws IOException, InterruptedException {
    Path home = Files.createDirectory(scratch.resolve("asterism"));
    Path root = asterismRoot(scratch);
    Path socket = home.resolve("asterism.sock");
    Daemon daemon = Daemon.start(daemon(socket, root), socket, home.resolve("asterism.log"));
    cleanup.add(daemon::close);
    PrivateContainerd containerd =
        PrivateContainerd.start(home.resolve("containerd"), Map.of("asterism", socket));
    cleanup.add(containerd::close);
    return Side.asterism(containerd, root, () -> traffic(registry, link));
  }

  private Command daemon(Path socket, Path root) {
    return Command.of(ownProgram)
        .with("daemon", "--address", socket.toString(), "--root", root.toString())
        .with("--unmount-on-exit", "--log-format", "json");
  }

  private static Traffic traffic(TestRegistry registry, ShapedLink link) {
    return new Traffic(link.bytesDown(), registry.traffic().requests());
  }

  private Figures measure(String name, Side side, List<String> references)
      throws IOException, InterruptedException {
    progress.accept(name + ": pulling version 1 and waiting for its first answer");
    Side.Start first = side.start(references.getFirst(), "first");
    progress.accept(name + ": the same with version 2");
    Side.Start second = side.start(references.getLast(), "second");
    progress.accept(name + ": reading every file of both");
    return new Figures(
        first,
        second,
        side.readThrough(references.getFirst(), "read-first"),
        side.readThrough(references.getLast(), "read-second"),
        side.diskUsed());
  }

  private String report(List<BuiltImage> versions, Figures overlayfs, Figures asterism)
      throws IOException {
    requireSame(overlayfs.first().answer(), asterism.first().answer());
    requireSame(overlayfs.second().answer(), asterism.second().answer());
    requireSame(overlayfs.firstRead().read(), asterism.firstRead().read());
    requireSame(overlayfs.secondRead().read(), asterism.secondRead().read());
    BuiltImage image = versions.getFirst();
    long unpacked = versions.stream().mapToLong(BuiltImage::unpackedSize).sum();
    Table table = new Table();
    table.heading("version 1, nothing there");
    table.time("pull to first answer", overlayfs.first().took(), asterism.first().took());
    table.traffic(overlayfs.first().fetched(), asterism.first().fetched());
    table.heading("version 2, 5 % of its bytes are new");
    table.time("pull to first answer", overlayfs.second().took(), asterism.second().took());
    table.traffic(overlayfs.second().fetched(), asterism.second().fetched());
    table.heading("every file of both read: the same bytes");
    table.bytes("fetched in all", overlayfs.whole().bytes(), asterism.whole().bytes());
    table.bytes("on disk", overlayfs.disk(), asterism.disk());
    return """

    An eStargz image of %s, %s compressed in chunks of 1 MiB, behind %s.

    %s
    Both versions unpacked are %s; Asterism keeps %.2f of that.
    """
        .formatted(
            Table.megabytes(image.unpackedSize()),
            Table.megabytes(image.compressedSize()),
            speed,
            table,
            Table.megabytes(unpacked),
            (double) asterism.disk() / unpacked);
  }

  private static void requireSame(String expected, String actual) throws IOException {
    if (!expected.equals(actual)) {
      throw new IOException("overlayfs shows '%s', Asterism '%s'".formatted(expected, actual));
    }
  }
}
