package dev.asterism.erofs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// Runs child processes, and says what this machine lacks.
final class Shell {
  private static final int TIMEOUT_SECONDS = 120;

  /// What a child printed.
  ///
  /// @param output one character a byte
  record Outcome(int status, String output, String errors) {}

  private Shell() {}

  /// Runs a command and returns its output; fails the test unless it exits with 0.
  static String run(Path directory, String... command) {
    Outcome outcome = attempt(directory, command);
    if (outcome.status != 0) {
      Assertions.fail(
          "%s: exit %d: %s"
              .formatted(
                  String.join(" ", command), outcome.status, outcome.errors + outcome.output));
    }
    return outcome.output;
  }

  static Outcome attempt(Path directory, String... command) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
      Path errors = Files.createTempFile("stderr", ".txt");
      builder.redirectError(errors.toFile());
      builder.environment().put("LC_ALL", "C");
      builder.environment().put("LIBMOUNT_FORCE_MOUNT2", "always");
      Process process = builder.start();
      process.getOutputStream().close();
      byte[] output;
      try (InputStream in = process.getInputStream()) {
        output = in.readAllBytes();
      }
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        Assertions.fail(String.join(" ", command) + ": did not end");
      }
      String said = Files.readString(errors, StandardCharsets.ISO_8859_1);
      Files.delete(errors);
      return new Outcome(
          process.exitValue(), new String(output, StandardCharsets.ISO_8859_1), said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Skips the test, or fails it where kernel tests are required, unless the tools are installed.
  static void requireTools(String... tools) {
    for (String tool : tools) {
      require(hasTool(tool), tool + " is not installed");
    }
  }

  static boolean hasTool(String tool) {
    return List.of("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/", "/usr/local/bin/").stream()
        .anyMatch(directory -> Files.isExecutable(Path.of(directory + tool)));
  }

  /// Tells whether what a machine lacks is a failure.
  static boolean isAllRequired() {
    return "required".equals(System.getProperty("kernel.tests"));
  }

  /// Skips or fails the test unless this process may mount.
  static void requireRoot() {
    require(run(Path.of("/"), "id", "-u").strip().equals("0"), "needs root to mount");
  }

  private static void require(boolean condition, String reason) {
    if (isAllRequired()) {
      Assertions.assertTrue(condition, reason);
    }
    Assumptions.assumeTrue(condition, reason);
  }
}
