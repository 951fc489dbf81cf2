package dev.asterism.bench.daemon;

import dev.asterism.bench.store.StoreFigures;
import dev.asterism.testkit.link.LinkShape;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// The measurements of [DaemonBench]. Confined to one thread.
final class DaemonRows {
  private static final LinkShape LINK = LinkShape.of(1000, 20);
  private static final int AT_ONCE = 64;
  private static final int FEW_FILES = 200;
  private static final int WARM_UP = 5;
  private static final double MIB = 1 << 20;

  private final Path program;
  private final StoreFigures figures;
  private final Duration settle;

  /// @param program `bin/asterism`
  /// @param settle how long a daemon is up before it is measured
  DaemonRows(Path program, StoreFigures figures, Duration settle) {
    this.program = program;
    this.figures = figures;
    this.settle = settle;
  }

  private static long median(List<Long> samples) {
    return samples.stream().sorted().toList().get(samples.size() / 2);
  }

  private static String millis(long nanos) {
    return "%.1f ms".formatted(nanos / 1e6);
  }

  /// One layer after the other over a link of 20 ms, and then 64 side by side.
  void prepare(int count) throws IOException, InterruptedException {
    Rehearsal.run();
    try (Layers layers = new Layers(FEW_FILES, LINK);
        DaemonNode node = DaemonNode.start(program)) {
      Thread.sleep(settle);
      for (int i = 0; i < WARM_UP; i++) {
        node.prepare(layers.next());
      }
      long trip = layers.roundTrip();
      List<Long> times = new ArrayList<>();
      List<Long> requests = new ArrayList<>();
      Duration processor = node.processorTime();
      for (int i = 0; i < count; i++) {
        Layers.Served layer = layers.next();
        long before = layers.requests();
        long began = System.nanoTime();
        node.prepare(layer);
        times.add(System.nanoTime() - began);
        requests.add(layers.requests() - before);
      }
      Duration afterOne = node.processorTime();
      long one = median(times);
      figures.number(
          "Prepare of a remote layer, registry at 20 ms",
          millis(one),
          "a round trip: %s; requests: %d; processor: %s"
              .formatted(millis(trip), median(requests), millis(each(processor, afterOne, count))),
          (double) one / trip,
          1.3,
          "");
      Duration beforeMany = node.processorTime();
      long together = together(node, layers);
      Duration afterMany = node.processorTime();
      figures.number(
          AT_ONCE + " layers prepared at once",
          millis(together),
          "one: %s; processor: %s each"
              .formatted(millis(one), millis(each(beforeMany, afterMany, AT_ONCE))),
          (double) together / one,
          4,
          "");
    }
  }

  private static long each(Duration before, Duration after, int count) {
    return after.minus(before).toNanos() / count;
  }

  private static long together(DaemonNode node, Layers layers)
      throws IOException, InterruptedException {
    List<Layers.Served> all = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      all.add(layers.next());
    }
    List<Future<?>> calls = new ArrayList<>();
    long began = System.nanoTime();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Layers.Served layer : all) {
        calls.add(
            threads.submit(() -> {
              node.prepare(layer);
              return layer;
            }));
      }
    }
    long took = System.nanoTime() - began;
    for (Future<?> call : calls) {
      if (call.state() == Future.State.FAILED) {
        throw new IOException("a Prepare of many failed", call.exceptionNow());
      }
    }
    return took;
  }

  /// Resident memory with many layers, a quarter of a minute after the last.
  void memory(int count, int files) throws IOException, InterruptedException {
    try (Layers layers = new Layers(files, LinkShape.of(10_000, 0));
        DaemonNode node = DaemonNode.start(program)) {
      for (int i = 0; i < count; i++) {
        Layers.Served layer = layers.next();
        node.prepare(layer);
        layers.forget(layer);
        if ((i + 1) % 100 == 0) {
          System.err.printf("%d layers: %.0f MiB%n", i + 1, node.residentBytes() / MIB);
        }
      }
      Thread.sleep(settle);
      double resident = node.residentBytes() / MIB;
      figures.number(
          "memory with %,d mounted layers of %,d files each".formatted(count, files),
          "%.0f MiB".formatted(resident),
          "of it mapped from files: %.0f MiB".formatted(node.residentFileBytes() / MIB),
          resident,
          400,
          " MiB");
    }
  }

  /// From the start of the process to an answer to List, with the registry away.
  void start(int snapshots, int starts) throws IOException, InterruptedException {
    try (Layers layers = new Layers(FEW_FILES, LinkShape.of(10_000, 0));
        DaemonNode node = DaemonNode.start(program)) {
      fill(node, layers, snapshots);
      layers.goAway();
      List<Long> times = new ArrayList<>();
      for (int i = 0; i < starts; i++) {
        node.kill();
        long began = System.nanoTime();
        node.restart();
        int found = node.list();
        times.add(System.nanoTime() - began);
        if (found != snapshots) {
          throw new IOException("%d snapshots after a restart, not %d".formatted(found, snapshots));
        }
      }
      figures.number(
          "start until the first answer, %d remote snapshots, no network".formatted(snapshots),
          millis(median(times)),
          "",
          median(times) / 1e9,
          1.5,
          " s");
    }
  }

  private static void fill(DaemonNode node, Layers layers, int snapshots) throws IOException {
    for (int i = 0; i < snapshots; i++) {
      node.prepare(layers.next());
    }
  }

  /// Processor time of a daemon with layers that nobody uses.
  void idle(int snapshots, Duration time) throws IOException, InterruptedException {
    try (Layers layers = new Layers(FEW_FILES, LinkShape.of(10_000, 0));
        DaemonNode node = DaemonNode.start(program)) {
      fill(node, layers, snapshots);
      Thread.sleep(settle);
      Duration before = node.processorTime();
      long began = System.nanoTime();
      Thread.sleep(time);
      double percent =
          100.0 * node.processorTime().minus(before).toNanos() / (System.nanoTime() - began);
      figures.number(
          "idle: processor",
          "%.3f %% of a core".formatted(percent),
          "%d s, %d layers".formatted(time.toSeconds(), snapshots),
          percent,
          0.2,
          " %");
    }
  }
}
