package dev.asterism.layers;

import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// A chunk on its way from the registry: first its bytes, then its place on disk. Thread-safe.
final class Flight {
  /// Where a chunk ended up.
  enum Place {
    /// In the store: the kernel or anybody else finds it there.
    STORE,
    /// Nowhere but in [RecentChunks]: private, or the disk would not take it.
    MEMORY
  }

  private final CompletableFuture<VerifiedChunk> bytes = new CompletableFuture<>();
  private final CompletableFuture<Place> place = new CompletableFuture<>();

  void arrived(VerifiedChunk chunk) {
    bytes.complete(chunk);
  }

  void placed(Place where) {
    place.complete(where);
  }

  /// Fails whoever waits for what has not come yet.
  void failed(IOException cause) {
    bytes.completeExceptionally(cause);
    place.completeExceptionally(cause);
  }

  /// Waits for the bytes.
  ///
  /// @throws IOException if they cannot be had, or not within `patience`
  VerifiedChunk bytes(Duration patience) throws IOException {
    return Waits.get(bytes, "a chunk", patience.toMillis());
  }

  /// Waits until the bytes stand where they will stand.
  ///
  /// @throws IOException if they cannot be had, or not within `patience`
  Place place(Duration patience) throws IOException {
    return Waits.get(place, "a chunk", patience.toMillis());
  }
}
