package dev.asterism.testkit.process;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.CompletableFuture;

/// Reads what a process prints while somebody else waits for its end.
final class Streams {
  private Streams() {}

  /// Reads `in` to its end on a thread of its own; a stream that breaks off gives nothing.
  static CompletableFuture<byte[]> drain(InputStream in) {
    CompletableFuture<byte[]> all = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try (in) {
        all.complete(in.readAllBytes());
      } catch (IOException _) {
        all.complete(new byte[0]);
      }
    });
    return all;
  }
}
