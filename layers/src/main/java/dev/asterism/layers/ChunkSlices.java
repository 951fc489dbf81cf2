package dev.asterism.layers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// The chunks of a layer in blob order, some at a time.
///
/// Chunks of one member come together, so that it is inflated once. Confined to one thread.
final class ChunkSlices {
  private final ChunkTable table;
  private final long start;
  private final long end;
  private final Predicate<LayerChunk> wanted;
  private int next;

  /// @param start compressed offset: members before it are left out
  /// @param end compressed offset: members that start there or behind are left out
  /// @param wanted asked of each chunk when its slice is made
  ChunkSlices(ChunkTable table, long start, long end, Predicate<LayerChunk> wanted) {
    this.table = table;
    this.start = start;
    this.end = end;
    this.wanted = wanted;
  }

  /// Returns the next wanted chunks; empty if there are no more.
  ///
  /// @param bytes compressed, at most; a single larger member is still taken
  List<LayerChunk> next(long bytes) {
    List<LayerChunk> slice = new ArrayList<>();
    long left = bytes;
    long member = -1;
    while (next < table.chunks()) {
      LayerChunk chunk = table.chunk(next);
      if (chunk.member().start() >= end) {
        break;
      }
      if (chunk.member().start() >= start && wanted.test(chunk)) {
        if (chunk.member().start() != member) {
          if (!slice.isEmpty() && chunk.member().length() > left) {
            break;
          }
          member = chunk.member().start();
          left -= chunk.member().length();
        }
        slice.add(chunk);
      }
      next++;
    }
    return slice;
  }
}
