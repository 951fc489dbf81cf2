package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What is done to a file behind the daemon's back, and what may be read of it then.
enum Damage {
  DELETED(10),
  CUT_SHORT(11),
  OVERWRITTEN(12);

  private static final int CUT = 100; // bytes that are left of a file that is cut short
  private static final String WRONG = "overwritten"; // where a file's first bytes were
  private static final int PAGE = 4096; // a read that meets a cut ends with one

  private static final Pattern VERSION_OF_A_FILE = Pattern.compile("(\\S+) ([0-9a-f]{64}|-)");

  private final int image; // its number

  Damage(int image) {
    this.image = image;
  }

  /// Returns the number of the image that it is done to.
  int image() {
    return image;
  }

  /// Does it.
  void of(Path file) throws IOException, InterruptedException {
    String script =
        switch (this) {
          case DELETED -> "rm -f \"$1\"";
          case CUT_SHORT -> "truncate -s %d \"$1\"".formatted(CUT);
          case OVERWRITTEN -> "printf %s | dd of=\"$1\" conv=notrunc status=none".formatted(WRONG);
        };
    Command.of("sh", "-ec", script, "sh", file.toString()).runOrThrow();
  }

  /// What a container may read of a file that is damaged, until that is found, beside what is
  /// right: what stands there (docs/hardlink.md).
  private Stream<byte[]> shown(byte[] right) {
    return switch (this) {
      case DELETED -> Stream.empty();
      case CUT_SHORT ->
          IntStream.concat(
                  IntStream.of(CUT), IntStream.iterate(0, i -> i < right.length, i -> i + PAGE))
              .mapToObj(length -> Arrays.copyOf(right, length));
      case OVERWRITTEN -> {
        byte[] wrong = right.clone();
        byte[] written = WRONG.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(written, 0, wrong, 0, written.length);
        yield Stream.of(wrong);
      }
    };
  }

  /// Asserts that what was read are the files, as they are or as they were damaged, or errors.
  ///
  /// @param text of each file its name, and the digest that came or `-`
  void assertShown(String text, Map<String, byte[]> files) {
    Matcher seen = VERSION_OF_A_FILE.matcher(text);
    int count = 0;
    for (; seen.find(); count++) {
      byte[] right = files.getOrDefault(seen.group(1), new byte[0]);
      Set<String> allowed =
          Stream.concat(Stream.of(right), shown(right))
              .map(bytes -> Digest.of(bytes).hex())
              .collect(Collectors.toSet());
      allowed.add("-");
      assertThat(seen.group(2)).as(seen.group(1)).isIn(allowed);
    }
    assertThat(count).isGreaterThanOrEqualTo(files.size());
  }
}
