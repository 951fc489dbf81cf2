package dev.asterism.layers;

import dev.asterism.fuse.RequestContext;
import java.nio.file.Files;
import java.nio.file.Path;

/// Whoever waits for a call at the gate.
///
/// @param thread its number in this pid namespace; 0 where it has none
record Caller(int thread) {
  private static final Path PROCESSES = Path.of("/proc");

  static Caller of(RequestContext request) {
    return new Caller(request.pid());
  }

  /// Tells whether it was killed meanwhile: the session has answered for it, and nobody needs what
  /// it asked for. A number that was given to another thread since is taken for the same.
  boolean isGone() {
    return thread > 0 && !Files.exists(PROCESSES.resolve(Integer.toString(thread)));
  }
}
