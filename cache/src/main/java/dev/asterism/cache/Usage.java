package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// How much of the disk the store takes: each file once, by the blocks that it occupies.
///
/// What is added and removed is added and subtracted as it happens; [#settle] puts in what a count
/// of a directory came to. A count holds if nothing changed in that directory meanwhile, so who
/// changes something there says so before ([#begin]) and after ([#end]). The files that layers have
/// for themselves are counted as a whole. Thread-safe.
final class Usage {
  private final Shard[] shards =
      Stream.generate(Shard::new).limit(CacheLayout.FAN_OUT.size()).toArray(Shard[]::new);
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong own = new AtomicLong();
  private final long block;

  /// One of the 256 directories that digests are spread over.
  private static final class Shard {
    long bytes; // guarded by this, as the others
    long version;
    int running;
  }

  /// @param block bytes that the file system allocates at once
  Usage(long block) {
    this.block = Math.max(1, block);
  }

  /// Returns the bytes in use, as far as they were counted: 0 while more was removed than that.
  long bytes() {
    return Math.max(0, bytes.get());
  }

  /// Returns what a file of that size occupies.
  long allocated(long size) {
    return (size + block - 1) / block * block;
  }

  /// Notes that files of a digest are about to come or go. The caller holds the digest's lock, and
  /// calls [#end] whatever happens.
  void begin(Digest digest) {
    Shard shard = shards[number(digest)];
    synchronized (shard) {
      shard.running++;
    }
  }

  /// Notes what came of it.
  ///
  /// @param change bytes that were allocated, less those that were freed
  void end(Digest digest, long change) {
    Shard shard = shards[number(digest)];
    synchronized (shard) {
      shard.running--;
      if (change != 0) {
        shard.version++;
        shard.bytes += change;
      }
    }
    bytes.addAndGet(change);
  }

  /// Notes that a layer got, or lost, a file that nobody else has.
  void ownChanged(long change) {
    own.addAndGet(change);
    bytes.addAndGet(change);
  }

  /// Returns the state of a directory, to be given to [#settle].
  long version(int directory) {
    Shard shard = shards[directory];
    synchronized (shard) {
      return shard.version;
    }
  }

  /// Tells whether nothing came or went since, and nothing is about to.
  boolean isUnchanged(int directory, long version) {
    Shard shard = shards[directory];
    synchronized (shard) {
      return shard.version == version && shard.running == 0;
    }
  }

  /// Puts in what a directory's files occupy.
  ///
  /// @return whether it holds: nothing changed since `version`
  boolean settle(int directory, long version, long counted) {
    Shard shard = shards[directory];
    long change;
    synchronized (shard) {
      if (shard.version != version || shard.running > 0) {
        return false;
      }
      change = counted - shard.bytes;
      shard.bytes = counted;
    }
    bytes.addAndGet(change);
    return true;
  }

  /// Puts in what the files occupy that layers have for themselves.
  void settleOwn(long counted) {
    bytes.addAndGet(counted - own.getAndSet(counted));
  }

  private static int number(Digest digest) {
    return (int) (digest.a() >>> 56);
  }
}
