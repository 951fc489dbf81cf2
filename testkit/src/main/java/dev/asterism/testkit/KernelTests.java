package dev.asterism.testkit;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/// What tests with the tag `kernel` need before they begin.
public final class KernelTests {
  private static final String REQUIRED = "required";

  private KernelTests() {}

  /// Skips the test with a reason unless this is root and all tools are on PATH; fails it instead
  /// where the system property `kernel.tests` is `required`.
  public static void require(String... tools) {
    if (!"root".equals(System.getProperty("user.name"))) {
      lack("not root");
    }
    for (String tool : tools) {
      if (!isOnPath(tool)) {
        lack(tool + " is not installed");
      }
    }
  }

  private static boolean isOnPath(String tool) {
    try {
      return Command.of("sh", "-c", "command -v \"$1\"", "sh", tool).run().exitCode() == 0;
    } catch (IOException _) {
      return false;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static void lack(String what) {
    if (REQUIRED.equals(System.getProperty("kernel.tests"))) {
      Assertions.fail("kernel tests are required, and this cannot run: " + what);
    }
    Assumptions.abort(what);
  }
}
