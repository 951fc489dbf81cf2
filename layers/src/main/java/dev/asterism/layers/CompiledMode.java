package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The mode that the compiled layers of a root name their content in: the file `layers/plain` is
/// there, or is not.
final class CompiledMode {
  private static final String PLAIN = "plain";

  private CompiledMode() {}

  /// Removes what is compiled.
  interface Discarding {
    void discard() throws IOException;
  }

  /// Has everything discarded that was compiled for the other mode. If this is interrupted, it is
  /// done again at the next start.
  static void settle(Path layers, CacheMode mode, Discarding compiled) throws IOException {
    Path marker = layers.resolve(PLAIN);
    CacheMode former = Files.exists(marker) ? CacheMode.PLAIN : CacheMode.SHARED;
    if (former == mode) {
      return;
    }
    compiled.discard();
    switch (mode) {
      case SHARED -> Files.delete(marker);
      case PLAIN -> Files.createFile(marker);
    }
  }
}
