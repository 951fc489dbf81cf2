package dev.asterism.testkit.process;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// What a test asks of the machine that it runs on.
public final class Machine {
  private Machine() {}

  /// Skips the test, or fails it where the property `kernel.tests` is `required`, unless this is
  /// root and every tool is on the path.
  public static void requireRootAnd(String... tools) {
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("not root");
    }
    for (String tool : tools) {
      if (Arrays.stream(System.getenv().getOrDefault("PATH", "/usr/bin").split(File.pathSeparator))
          .noneMatch(directory -> Files.isExecutable(Path.of(directory, tool)))) {
        missing("no " + tool + " on the path");
      }
    }
  }

  private static void missing(String what) {
    if ("required".equals(System.getProperty("kernel.tests"))) {
      fail("kernel tests are required here: " + what);
    }
    abort(what);
  }
}
