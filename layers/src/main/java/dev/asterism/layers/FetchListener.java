package dev.asterism.layers;

import java.time.Duration;

/// Is told what is fetched and what containers use of it.
///
/// Called on the threads that fetch and serve: it has to be quick and must not throw.
interface FetchListener {
  /// A container uses a chunk, for the first time as far as can be seen from here: a file of one
  /// chunk was looked up at the gate, or a chunk of an open file was read through a handle that had
  /// not read it before.
  default void used(LayerContent layer, LayerChunk chunk, Found found) {}

  /// A call has waited for a chunk.
  default void waited(LayerContent layer, LayerChunk chunk, CallWait wait) {}

  /// A chunk was fetched and verified.
  ///
  /// @param wanted the most urgent reason that it was asked for by
  default void arrived(LayerContent layer, LayerChunk chunk, FetchClass wanted) {}

  /// A range request has ended, well or not.
  default void fetched(LayerContent layer, FetchedRange range) {}

  /// A mount has waited for the prefetch of its image's layers, or would have.
  default void prefetchesAwaited(Duration time) {}
}
