package dev.asterism.bench.convert;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a second version costs a node that has the first: the layouts `v1` and `v2` of a folder are
/// converted and compared.
///
/// @param asterism the program
/// @param folder gets the converted layouts too
/// @param chunkSize bytes
record VersionCost(Path asterism, Path folder, int chunkSize) {
  /// New bytes cut by content, of those cut every so many.
  static final double TARGET = 0.5;

  private static final Pattern NEW = Pattern.compile("has the first: (\\d+) chunks, ([0-9.]+) MB");

  /// Returns the uncompressed bytes of new chunks in MB.
  ///
  /// @param chunking `fixed` or `content`
  double newMegabytes(String chunking) throws IOException, InterruptedException {
    for (String version : List.of("v1", "v2")) {
      Command.of(asterism.toString(), "convert", "--rebuild", "--oci", "--level", "1")
          .with("--chunking", chunking, "--chunk-size", String.valueOf(chunkSize))
          .with("--temporary", folder.toString())
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
