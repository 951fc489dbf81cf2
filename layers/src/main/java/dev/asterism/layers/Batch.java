package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.util.List;

/// What one range request brings: whole members of a blob, and those of their chunks that are
/// wanted.
///
/// The fields that change are guarded by the lock of the [Link].
final class Batch {
  private final FetchTarget layer;
  private final ByteRange range;
  private final List<Want> wants;
  private final FetchClass fetchClass;

  /// In blob order.
  private final List<Part> parts;

  /// How many of them have come. Confined to whoever reads the answer.
  private int come;

  /// Bytes of the range that have not come.
  private long left;

  /// Whether a read waits for one of its chunks. May be read without the lock.
  private volatile boolean hurried;

  /// A chunk within the range.
  ///
  /// @param end after its last byte, from the range's beginning
  /// @param course of the first claim to it
  private record Part(long end, Course course) {}

  /// @param range compressed bytes to ask for
  /// @param wants in blob order, not empty
  /// @param fetchClass of the most urgent of them
  Batch(FetchTarget layer, ByteRange range, List<Want> wants, FetchClass fetchClass) {
    this.layer = layer;
    this.range = range;
    this.wants = List.copyOf(wants);
    this.fetchClass = fetchClass;
    this.left = range.length();
    this.parts =
        wants.stream()
            .map(Want::first)
            .map(claim -> new Part(needed(claim.chunk()) - range.start(), claim.flight().course()))
            .toList();
  }

  /// Notes for its chunks how much of the answer has come. Called by one thread.
  void carried(long bytes, long now) {
    while (come < parts.size() && parts.get(come).end() <= bytes) {
      parts.get(come++).course().came(now);
    }
  }

  /// Notes that what has not come of it is asked for again.
  void broke(long now) {
    parts.forEach(part -> part.course().broke(now));
  }

  FetchTarget layer() {
    return layer;
  }

  ByteRange range() {
    return range;
  }

  List<Want> wants() {
    return wants;
  }

  /// Returns the class that it began with.
  FetchClass fetchClass() {
    return fetchClass;
  }

  /// Notes that a read waits for one of its chunks.
  void hurry() {
    hurried = true;
  }

  /// Tells whether a read waits for it, since it began or by now.
  boolean isRead() {
    return hurried || fetchClass == FetchClass.READ;
  }

  /// Tells whether it is a read's, or brings what lies beside one.
  boolean isUrgent() {
    return hurried || fetchClass.isUrgent();
  }

  /// Tells whether it may be held up for the sake of a read. What a start will need soon may not:
  /// it is bounded so that it fits beside the read.
  boolean canWait() {
    return !hurried && fetchClass == FetchClass.BACKGROUND;
  }

  /// Returns the bytes that have not come.
  long left() {
    return left;
  }

  /// Notes that bytes have come, and returns how many of them were on their way: not more than the
  /// range has.
  long arrived(long bytes) {
    long counted = Math.min(bytes, left);
    left -= counted;
    return counted;
  }

  /// Returns about how many compressed bytes a chunk is.
  static long packed(LayerChunk chunk) {
    return Math.min(needed(chunk) - chunk.member().start(), chunk.size() + (1 << 10));
  }

  /// Returns where the compressed bytes of a chunk end at the latest: its member's end, or as much
  /// as deflate can make of what comes before.
  ///
  /// A TOC may leave a gap of any size behind a member; nobody downloads that.
  static long needed(LayerChunk chunk) {
    long inflated = chunk.innerOffset() + chunk.size();
    long most = inflated + inflated / 4 + (1 << 20);
    return Math.min(chunk.member().end(), chunk.member().start() + most);
  }
}
