package dev.asterism.bench.store;

import dev.asterism.bench.DiskUse;
import dev.asterism.cache.CacheLayout;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.linux.PageCache;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.image.BuiltImage;
import dev.asterism.testkit.image.BuiltLayer;
import dev.asterism.testkit.image.SharedRuntime;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/// Images that share a runtime and no layer, on a real node: what they take on the disk, and in the
/// page cache. Needs root.
final class ImageRows {
  private static final String ASTERISM = "asterism";
  private static final String READ_ALL = "find / -xdev -type f -exec cat {} + >/dev/null";
  private static final String READ_RUNTIME =
      "find " + SharedRuntime.FOLDER + " -type f -exec cat {} + >/dev/null";
  private static final long BLOCK = 4096;
  private static final double MB = 1e6;

  private final StoreFigures figures;
  private final Path asterism;
  private final PrintStream progress;
  private int executions;

  /// @param asterism the folder that holds `bin/asterism`
  ImageRows(StoreFigures figures, Path asterism, PrintStream progress) {
    this.figures = figures;
    this.asterism = asterism;
    this.progress = progress;
  }

  /// Pulls the images, reads all their files in a container each, and looks at the disk; then runs
  /// containers side by side that read the runtime, and looks at the page cache.
  void measure(int images, int containers) throws IOException, InterruptedException {
    try (Cleanup cleanup = Cleanup.open()) {
      ScratchFolder scratch = ScratchFolder.create("asterism-bench-store-");
      cleanup.add(scratch::close);
      TestRegistry registry = TestRegistry.start();
      cleanup.add(registry::close);
      SharedRuntime runtime =
          SharedRuntime.make(scratch.path().resolve("images"), EstargzOptions.DEFAULT.withLevel(1));
      Path root = scratch.path().resolve("root");
      PrivateContainerd containerd = node(scratch.path(), root, cleanup);
      List<String> references = new ArrayList<>();
      for (int i = 0; i < images; i++) {
        BuiltImage image = runtime.image(i);
        String reference = registry.reference(image.serve(registry, "shared", "v" + i));
        progress.printf("reading %s%n", reference);
        references.add(reference);
        containerd
            .ctrRemote("images", "rpull", "--plain-http", "--snapshotter", ASTERISM, reference)
            .runOrThrow();
        containerd
            .run(ASTERISM, List.of("--rm"), reference, "read", "/bin/sh", "-c", READ_ALL)
            .runOrThrow();
        for (BuiltLayer layer : image.layers()) {
          Files.delete(layer.blob()); // all of it is in the store, and the disk is wanted
        }
      }
      disk(root, images, runtime.contents().values());
      memory(containerd, root, references.subList(0, Math.min(containers, images)));
    }
  }

  private PrivateContainerd node(Path folder, Path root, Cleanup cleanup)
      throws IOException, InterruptedException {
    Path socket = folder.resolve("s.sock");
    Command command =
        Command.of(asterism.toAbsolutePath().resolve("bin/asterism").toString(), "daemon")
            .with("--unmount-on-exit", "--log-level", "info")
            .with("--address", socket.toString(), "--root", root.toString());
    Daemon daemon = Daemon.start(command, socket, folder.resolve("daemon.log"));
    cleanup.add(daemon::close);
    PrivateContainerd containerd =
        PrivateContainerd.start(folder.resolve("containerd"), Map.of(ASTERISM, socket));
    cleanup.add(containerd::close);
    return containerd;
  }

  private void disk(Path root, int images, Collection<Long> sizes)
      throws IOException, InterruptedException {
    long unique = sizes.stream().mapToLong(Long::longValue).sum();
    long blocks = sizes.stream().mapToLong(size -> (size + BLOCK - 1) / BLOCK * BLOCK).sum();
    progress.println("waiting until nothing is fresh any more");
    long store = DiskUse.awaitSettled(root.resolve("cache"));
    figures.number(
        "disk of %d images that share a runtime, of their unique bytes".formatted(images),
        megabytes(store),
        "unique: %s, in blocks %s; with all metadata %s"
            .formatted(megabytes(unique), megabytes(blocks), megabytes(DiskUse.of(root))),
        (double) store / blocks,
        1.05,
        "");
  }

  private void memory(PrivateContainerd containerd, Path root, List<String> references)
      throws IOException, InterruptedException {
    Command.of("sync").runOrThrow();
    for (int i = 0; i < references.size(); i++) {
      containerd
          .run(ASTERISM, List.of("--detach"), references.get(i), "idle-" + i, "/bin/sleep", "1h")
          .runOrThrow();
    }
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3"); // proc(5)
    execute(containerd, 0, "find /dev/null -exec cat {} +"); // the tools are in memory from here on
    long before = cached();
    long first = 0;
    for (int i = 0; i < references.size(); i++) {
      execute(containerd, i, READ_RUNTIME);
      first = i == 0 ? cached() - before : first;
    }
    long all = cached() - before;
    figures.number(
        "page cache of %d containers that read one runtime, of one".formatted(references.size()),
        megabytes(all),
        "after the first: %s; the store's files hold %s of it"
            .formatted(megabytes(first), megabytes(pages(root))),
        (double) all / first,
        1.05,
        "");
  }

  private void execute(PrivateContainerd containerd, int container, String script)
      throws IOException, InterruptedException {
    containerd
        .ctr("tasks", "exec", "--exec-id", "exec-" + executions++, "idle-" + container)
        .with("/bin/sh", "-c", script)
        .runOrThrow();
  }

  /// Returns what the kernel holds of files in memory: proc(5), `Cached` of meminfo.
  private static long cached() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"), StandardCharsets.ISO_8859_1)) {
      if (line.startsWith("Cached:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10; // from KiB
      }
    }
    throw new IOException("no Cached in /proc/meminfo");
  }

  /// Returns the bytes of the store's files that are in memory, each file once.
  private static long pages(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(new CacheLayout(root.resolve("cache")).objects())) {
      return files
              .filter(Files::isRegularFile)
              .mapToLong(file -> PageCache.of(file.toString()).map(PageCache::cached).orElse(0L))
              .sum()
          * BLOCK;
    }
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MB", bytes / MB);
  }
}
