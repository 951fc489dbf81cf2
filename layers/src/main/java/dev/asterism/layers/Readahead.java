package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// How far around a use of a layer's chunk the blob is fetched.
///
/// Files that a package put together lie together in its layer and are read together, though seldom
/// in that order. Each place where a container reads is a *stream*: from `low` to `high` was
/// fetched there, and some of it was used. A further miss near a stream doubles its window, since a
/// wait costs as much as what the link carries meanwhile; if little of what the stream fetched was
/// used, it is halved. A use that finds its chunk here pushes the stream on before its end is
/// reached.
///
/// A large chunk is no sign of what lies beside it: it is a program or a library. Many of them, one
/// behind the other, are.
///
/// Where somebody is seen to go through the layer in its order ([Walk]), as much is fetched ahead
/// as half of what the walk has used, whatever came in vain elsewhere, and large chunks are steps
/// as others are.
///
/// Offsets are of the compressed blob. Thread-safe.
final class Readahead {
  /// Reading together several places of a layer is common (programs, libraries, locale data); more
  /// than these is scattered reading.
  private static final int STREAMS = 16;

  private static final int LEAST_WINDOW = 16 << 10; // 16 KiB

  /// A miss within this distance of a stream belongs to it: about a directory.
  private static final int NEAR = 1 << 20; // 1 MiB

  /// Chunks of more compressed bytes than this stand alone.
  private static final int LARGE = 128 << 10; // 128 KiB

  /// A stream is judged by what it used when it has fetched so much.
  private static final int JUDGED = 1 << 20; // 1 MiB

  /// So much used of what a stream fetched and its window grows beside hits, too; so little and it
  /// shrinks.
  private static final double GROWS = 0.5;

  private static final double SHRINKS = 0.1;

  /// So many files used in a stream that fetched so many bytes, nearly all of them used, and the
  /// layer is taken for being read whole.
  private static final int WHOLESALE_USES = 100;

  private static final long WHOLESALE_BYTES = 4 << 20; // 4 MiB
  private static final double WHOLESALE = 0.8;

  /// So many large chunks used one behind the other, of so many bytes, mean the same.
  private static final int WHOLESALE_LARGE_USES = 24;

  private static final long WHOLESALE_LARGE_BYTES = 16 << 20; // 16 MiB

  /// So many files used, wherever they lie, and so much of all that the layer has: a walk through a
  /// layer that was packed in another order. No start that is measured uses as much.
  private static final int WHOLESALE_WALK_USES = 400;

  private static final int WHOLESALE_WALK_SHARE = 10; // a tenth

  private final int first;
  private final int max;
  private final int maxOfWalk;
  private final int walk;

  @GuardedBy("this")
  private final List<Stream> streams = new ArrayList<>(STREAMS);

  /// The latest place where large chunks are used in the order of the blob.
  @GuardedBy("this")
  private Stream large = new Stream();

  @GuardedBy("this")
  private long clock;

  @GuardedBy("this")
  private boolean wholesale;

  /// Chunks that were used.
  @GuardedBy("this")
  private int uses;

  /// @param chunks how many the layer has
  Readahead(FetchPolicy policy, int chunks) {
    this.walk = Math.max(WHOLESALE_WALK_USES, chunks / WHOLESALE_WALK_SHARE);
    this.first = policy.quantum() / 4;
    this.max = Math.min(policy.quantum() / 2, policy.maxWindow());
    this.maxOfWalk = policy.maxWindow();
  }

  /// One place where a container reads.
  private static final class Stream {
    private long low;
    private long high;
    private long used;
    private int uses;
    private long window;
    private long lastUse;

    double share() {
      return (double) used / Math.max(1, high - low);
    }

    boolean isJudged() {
      return high - low >= JUDGED;
    }

    long distance(long offset) {
      return offset < low ? low - offset : Math.max(0, offset - high);
    }
  }

  /// Tells whether this layer is seen to be read whole.
  synchronized boolean isWholesale() {
    return wholesale;
  }

  /// Counts a chunk that was never used before. One that could not be had and is asked for again is
  /// no other.
  synchronized void noteFirstUse() {
    uses++;
    wholesale |= uses >= walk;
  }

  /// Notes that a chunk is used for the first time, and returns what should be fetched around it;
  /// may be empty.
  ///
  /// @param member where the chunk's compressed bytes lie
  /// @param generous whether what was fetched in vain until now is within its bound; if not, only a
  ///   little is
  /// @param walked compressed bytes that a walk has used of which this is a step; 0 if it is none
  synchronized ByteRange used(ByteRange member, Found found, boolean generous, long walked) {
    if (member.length() > LARGE) {
      noteLarge(member);
      if (walked == 0) {
        return new ByteRange(member.start(), member.start());
      }
    }
    clock++;
    Optional<Stream> near =
        streams.stream()
            .filter(stream -> stream.distance(member.start()) <= NEAR)
            .min(Comparator.comparingLong(stream -> stream.distance(member.start())));
    Stream stream = near.orElseGet(() -> begin(member));
    stream.used += member.length();
    stream.uses++;
    stream.lastUse = clock;
    if (walked > 0) {
      stream.window = Math.clamp(walked / 2, max, maxOfWalk);
    } else if (near.isPresent()) {
      adapt(stream, found);
    }
    ByteRange around = found == Found.STORED ? hit(stream, member) : miss(stream, member);
    lookForWholesale(stream);
    return generous || walked > 0
        ? around
        : new ByteRange(
            member.start(), Math.clamp(around.end(), member.start(), member.end() + LEAST_WINDOW));
  }

  /// Many large files read one behind the other say that the rest will be, too; a few are programs
  /// and libraries, which lie here and there.
  @GuardedBy("this")
  private void noteLarge(ByteRange member) {
    if (large.distance(member.start()) > NEAR) {
      large = new Stream();
      large.low = member.start();
      large.high = member.start();
    }
    large.used += member.length();
    large.uses++;
    large.low = Math.min(large.low, member.start());
    large.high = Math.max(large.high, member.end());
    wholesale |=
        large.uses >= WHOLESALE_LARGE_USES
            && large.used >= WHOLESALE_LARGE_BYTES
            && large.used >= WHOLESALE * (large.high - large.low);
  }

  @GuardedBy("this")
  private Stream begin(ByteRange member) {
    if (streams.size() == STREAMS) {
      streams.stream()
          .min(Comparator.comparingLong(stream -> stream.lastUse))
          .ifPresent(streams::remove);
    }
    Stream stream = new Stream();
    stream.low = member.start();
    stream.high = member.start();
    stream.window = first;
    streams.add(stream);
    return stream;
  }

  private void adapt(Stream stream, Found found) {
    if (stream.isJudged() && stream.share() < SHRINKS) {
      stream.window = Math.max(stream.window / 2, LEAST_WINDOW);
    } else if (found == Found.MISSING || stream.share() >= GROWS) {
      stream.window = Math.min(2 * stream.window, max);
    }
  }

  /// What lies before a miss is fetched as well when its neighbourhood is known: half as far.
  private static ByteRange miss(Stream stream, ByteRange member) {
    boolean isNew = stream.low == stream.high;
    long from = isNew ? member.start() : Math.max(0, member.start() - stream.window / 2);
    long to = member.end() + stream.window;
    stream.low = Math.min(stream.low, from);
    stream.high = Math.max(stream.high, to);
    return new ByteRange(from, to);
  }

  private static ByteRange hit(Stream stream, ByteRange member) {
    if (member.end() <= stream.high - stream.window / 2) {
      return new ByteRange(member.end(), member.end());
    }
    ByteRange next = new ByteRange(stream.high, stream.high + stream.window);
    stream.high = next.end();
    return next;
  }

  @GuardedBy("this")
  private void lookForWholesale(Stream stream) {
    wholesale |=
        stream.uses >= WHOLESALE_USES
            && stream.used >= WHOLESALE_BYTES
            && stream.used >= WHOLESALE * (stream.high - stream.low - 2 * stream.window);
  }
}
