package dev.asterism.bench.convert;

import dev.asterism.bench.store.StoreFigures;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the second version of a large file costs a node that has the first, when bytes were
/// inserted near its front: cut every so many bytes, and cut by content.
///
/// @param asterism the program
/// @param folder an empty one, removed by the caller
record Insertion(Path asterism, Path folder) {
  private static final int PIECES = 16;
  private static final int PIECE = 16 << 20; // 16 MiB
  private static final int INSERTED = 100_000; // bytes

  /// Measures and prints.
  ///
  /// @param figures gets what was reached
  void run(StoreFigures figures) throws IOException, InterruptedException {
    List<byte[]> first = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      first.add(RandomTrees.content(Seeds.generator(100 + i), PIECE));
    }
    List<byte[]> second = new ArrayList<>(first);
    second.add(1, RandomTrees.content(Seeds.generator(99), INSERTED));
    LargeImage.write(folder.resolve("v1"), first);
    LargeImage.write(folder.resolve("v2"), second);
    VersionCost cost = new VersionCost(asterism, folder, 4 << 20);
    double fixed = cost.newMegabytes("fixed");
    double content = cost.newMegabytes("content");
    System.out.printf(
        Locale.ROOT,
        "%na file of %d MiB with %d bytes inserted at 16 MiB, new in version 2: %.1f MB cut every"
            + " 4 MiB, %.1f MB cut by content (%.3f)%n",
        PIECES * (PIECE >> 20),
        INSERTED,
        fixed,
        content,
        content / fixed);
    figures.number(
        "version 2 with bytes inserted, new by content",
        "%.1f MB".formatted(content),
        "cut every 4 MiB: %.1f MB".formatted(fixed),
        content / fixed,
        VersionCost.TARGET,
        "");
  }
}
