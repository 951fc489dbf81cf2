package dev.asterism.cli;

import dev.asterism.linux.Priority;
import dev.asterism.linux.SystemCalls;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Loads what a daemon will need while its command line and its configuration are still being read:
/// containers of before wait for all of it.
final class Preload {
  private static final Logger LOGGER = System.getLogger(Preload.class.getName());
  private static final int LESS = 10; // nice: a tenth of the share of others (sched(7))

  private Preload() {}

  static void start() {
    Thread.ofPlatform()
        .daemon()
        .name("preload")
        .start(() -> {
          optimizeLater();
          SystemCalls.preload();
          RegistryClient.preload();
        });
  }

  /// What the AOT recording has told of hot code is optimized at once, 2 s of work in the first 4:
  /// not before what containers wait for, but not as the very last either, or a busy node would
  /// stay slow.
  private static void optimizeLater() {
    try {
      Priority.lower("C2 CompilerThre", LESS);
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "the compiler keeps its priority cause=\"{0}\"", e.getMessage());
    }
  }
}
