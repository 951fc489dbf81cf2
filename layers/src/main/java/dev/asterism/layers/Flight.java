package dev.asterism.layers;

import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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
  /// @throws IOException if they cannot be had, or not within `wait`
  VerifiedChunk bytes(Duration wait) throws IOException {
    return await(bytes, wait);
  }

  /// Waits until the bytes stand where they will stand.
  ///
  /// @throws IOException if they cannot be had, or not within `wait`
  Place place(Duration wait) throws IOException {
    return await(place, wait);
  }

  private static <T> T await(Future<T> future, Duration wait) throws IOException {
    try {
      return future.get(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new IOException("no answer within %d s".formatted(wait.toSeconds()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a chunk", e);
    }
  }
}
