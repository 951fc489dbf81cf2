package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// What one range request brings: whole members of a blob, and those of their chunks that are
/// wanted. Immutable.
///
/// @param range compressed bytes to ask for
/// @param chunks the wanted chunks inside, in blob order; never empty
record Span(ByteRange range, List<LayerChunk> chunks) {
  /// What is in between is fetched and thrown away if it is at most this many compressed bytes:
  /// another request costs more.
  private static final int MAX_GAP = 64 << 10; // 64 KiB

  Span {
    chunks = List.copyOf(chunks);
  }

  /// Plans the span for a chunk: its member and those behind it, as far as `window` compressed
  /// bytes reach.
  ///
  /// A member is taken whole, so that every chunk of it can be had by inflating once; the first
  /// member is taken even if it is larger than the window.
  ///
  /// @param wanted tells of a chunk number whether its bytes are missing; the chunk asked for is
  ///   taken as wanted
  static Span plan(ChunkTable table, LayerChunk asked, int window, IntPredicate wanted) {
    int number = firstOfMember(table, asked);
    long start = asked.member().start();
    long end = start;
    List<LayerChunk> taken = new ArrayList<>();
    while (number < table.chunks()) {
      LayerChunk chunk = table.chunk(number);
      boolean firstMember = chunk.member().start() == start;
      if (!firstMember && needed(chunk) - start > window) {
        break;
      }
      if (chunk.number() == asked.number() || wanted.test(number)) {
        if (chunk.member().start() - end > MAX_GAP) {
          break;
        }
        taken.add(chunk);
        end = Math.max(end, needed(chunk));
      }
      number++;
    }
    return new Span(new ByteRange(start, end), taken);
  }

  /// Returns the span that brings only some of these chunks.
  ///
  /// @param kept a part of [#chunks()] in the same order, not empty
  Span only(List<LayerChunk> kept) {
    if (kept.size() == chunks.size()) {
      return this;
    }
    long end = kept.stream().mapToLong(Span::needed).max().orElse(range.end());
    return new Span(new ByteRange(kept.getFirst().member().start(), end), kept);
  }

  private static int firstOfMember(ChunkTable table, LayerChunk asked) {
    int number = asked.number();
    while (number > 0 && table.chunk(number - 1).member().start() == asked.member().start()) {
      number--;
    }
    return number;
  }

  /// Returns where the compressed bytes of a chunk end at the latest: its member's end, or as much
  /// as deflate can make of what comes before.
  ///
  /// A TOC may leave a gap of any size behind a member; nobody downloads that.
  private static long needed(LayerChunk chunk) {
    long inflated = chunk.innerOffset() + chunk.size();
    long most = inflated + inflated / 4 + (1 << 20);
    return Math.min(chunk.member().end(), chunk.member().start() + most);
  }
}
