package dev.asterism.cli;

import java.io.IOException;
import java.nio.file.Files;

/// The parts of a running snapshotter, wired together.
final class Daemon {
  private Daemon() {}

  /// Serves until the process is told to end.
  ///
  /// @throws IOException if it cannot start
  static void run(DaemonOptions options) throws IOException {
    Files.createDirectories(options.root());
    throw new IOException("no daemon in this build, for " + options.root());
  }
}
