package dev.asterism.layers;

import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// A chunk on its way from the registry: first its bytes, then its place on disk. Thread-safe.
final class Flight {
  /// Where a chunk ended up.
  enum Place {
    /// In the store: the kernel or anybody else finds it there.
    STORE,
    /// Only the gate can give it: it is private, or the disk would not take it.
    GATE
  }

  private final CompletableFuture<VerifiedChunk> bytes = new CompletableFuture<>();
  private final CompletableFuture<Place> place = new CompletableFuture<>();
  private final Course course = new Course();

  /// Returns what has happened to it until now.
  Course course() {
    return course;
  }

  void arrived(VerifiedChunk chunk) {
    bytes.complete(chunk);
  }

  void placed(Place where) {
    place.complete(where);
  }

  /// Fails whoever waits for what has not come yet, and tells whether the bytes had not.
  boolean failed(IOException cause) {
    boolean first = bytes.completeExceptionally(cause);
    place.completeExceptionally(cause);
    return first;
  }

  /// Returns the bytes if they have come.
  Optional<VerifiedChunk> landedBytes() {
    return bytes.isDone() && !bytes.isCompletedExceptionally()
        ? Optional.of(bytes.join())
        : Optional.empty();
  }

  /// Waits for the bytes.
  ///
  /// @throws IOException if they cannot be had, or not in time
  VerifiedChunk bytes(Deadline deadline) throws IOException {
    return Waits.get(bytes, "a chunk", deadline.left());
  }

  /// Waits until the bytes stand where they will stand.
  ///
  /// @throws IOException if they cannot be had, or not in time
  Place place(Deadline deadline) throws IOException {
    return Waits.get(place, "a chunk", deadline.left());
  }
}
