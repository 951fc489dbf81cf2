package dev.asterism.testkit.tree;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// EROFS images on disk, judged by the file system's own tool.
public final class ErofsImages {
  private ErofsImages() {}

  /// Lists the images below a folder, on its file system, whatever made them.
  public static List<Path> below(Path folder) throws IOException, InterruptedException {
    return Command.of("find", folder.toString(), "-xdev", "-type", "f", "-name", "*.erofs")
        .runOrThrow()
        .text()
        .lines()
        .sorted()
        .map(Path::of)
        .toList();
  }

  /// Runs `fsck.erofs` on each of them, and returns what it says of those that it refuses, each
  /// with its path.
  public static List<String> refused(List<Path> images) throws IOException, InterruptedException {
    List<String> refusals = new ArrayList<>();
    for (Path image : images) {
      Outcome outcome = Command.of("fsck.erofs", image.toString()).run();
      if (outcome.exitCode() != 0) {
        refusals.add("%s: %s%s".formatted(image, outcome.text(), outcome.errorText()));
      }
    }
    return refusals;
  }
}
