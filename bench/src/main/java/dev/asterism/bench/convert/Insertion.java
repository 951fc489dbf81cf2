package dev.asterism.bench.convert;

import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the second version of a large file costs a node that has the first, when bytes were
/// inserted near its front: cut every so many bytes, and cut by content.
///
/// @param asterism the program
/// @param folder an empty one, removed by the caller
record Insertion(Path asterism, Path folder) {
  private static final Pattern NEW = Pattern.compile("has the first: (\\d+) chunks, ([0-9.]+) MB");
  private static final int PIECES = 16;
  private static final int PIECE = 16 << 20; // 16 MiB
  private static final int INSERTED = 100_000; // bytes

  /// Measures and prints.
  void run() throws IOException, InterruptedException {
    List<byte[]> first = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      first.add(RandomTrees.content(Seeds.generator(100 + i), PIECE));
    }
    List<byte[]> second = new ArrayList<>(first);
    second.add(1, RandomTrees.content(Seeds.generator(99), INSERTED));
    LargeImage.write(folder.resolve("v1"), first);
    LargeImage.write(folder.resolve("v2"), second);
    double fixed = newMegabytes("fixed");
    double content = newMegabytes("content");
    System.out.printf(
        Locale.ROOT,
        "%na file of %d MiB with %d bytes inserted at 16 MiB, new in version 2: %.1f MB cut every"
            + " 4 MiB, %.1f MB cut by content (%.3f)%n",
        PIECES * (PIECE >> 20),
        INSERTED,
        fixed,
        content,
        content / fixed);
  }

  private double newMegabytes(String chunking) throws IOException, InterruptedException {
    for (String version : List.of("v1", "v2")) {
      Command.of(asterism.toString(), "convert", "--rebuild", "--oci", "--level", "1")
          .with("--chunking", chunking, "--temporary", folder.toString())
          .with("oci:" + folder.resolve(version), "oci:" + target(chunking, version) + ":1")
          .runOrThrow();
    }
    String text =
        Command.of(asterism.toString(), "diff")
            .with("oci:" + target(chunking, "v1") + ":1", "oci:" + target(chunking, "v2") + ":1")
            .runOrThrow()
            .text();
    Matcher line = NEW.matcher(text);
    if (!line.find()) {
      throw new IOException("not what 'asterism diff' says: " + text);
    }
    return Double.parseDouble(line.group(2));
  }

  private Path target(String chunking, String version) {
    return folder.resolve(version + "-" + chunking);
  }
}
