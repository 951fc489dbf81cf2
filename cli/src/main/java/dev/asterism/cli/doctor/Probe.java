package dev.asterism.cli.doctor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A short command whose success or first line tells something.
final class Probe {
  private static final long LIMIT = 10; // seconds

  private Probe() {}

  /// Runs it and returns the first line it prints; empty if it cannot be run, fails or hangs.
  static Optional<String> firstLine(List<String> words) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(words)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
              .start();
      try {
        String text =
            new String(process.getInputStream().readNBytes(1 << 16), StandardCharsets.UTF_8);
        if (!process.waitFor(LIMIT, TimeUnit.SECONDS) || process.exitValue() != 0) {
          return Optional.empty();
        }
        return Optional.of(text.lines().findFirst().orElse(""));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// Tells whether a shell script succeeds in a mount namespace of its own, which goes with all
  /// that it mounted.
  static boolean succeedsWithMounts(String script) throws InterruptedException {
    return firstLine(List.of("unshare", "--mount", "sh", "-ec", script)).isPresent();
  }
}
