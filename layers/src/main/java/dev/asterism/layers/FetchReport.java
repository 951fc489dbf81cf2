package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.List;

/// What is being fetched from one registry at a moment. Immutable.
///
/// @param registry host, as image references name it
/// @param queued chunks that wait for their turn
/// @param running requests that are under way
public record FetchReport(String registry, int queued, List<Range> running) {
  /// Copies the list.
  public FetchReport {
    running = List.copyOf(running);
  }

  /// A request for a range of a blob.
  ///
  /// @param layer digest of the blob
  /// @param start first byte, compressed
  /// @param end after the last byte
  /// @param arrived bytes that have come
  /// @param why what it was begun for
  public record Range(Digest layer, long start, long end, long arrived, FetchClass why) {}
}
