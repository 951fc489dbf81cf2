package dev.asterism.testkit.layer;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What a test asks of the machine.
final class Tools {
  private Tools() {}

  /// Skips the test, or fails it where kernel tests are required, unless this is root and has every
  /// tool.
  static void requireRootAnd(String... tools) {
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("not root");
    }
    List<String> path = List.of(System.getenv().getOrDefault("PATH", "/usr/bin").split(":"));
    for (String tool : tools) {
      if (path.stream().noneMatch(dir -> Files.isExecutable(Path.of(dir, tool)))) {
        missing("no " + tool);
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
