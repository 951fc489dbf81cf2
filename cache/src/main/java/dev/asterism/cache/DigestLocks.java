package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/// One lock per digest, near enough: some digests share one.
///
/// Who adds, removes or replaces the names of a digest holds its lock, and never two of them. Bytes
/// are written before it is taken; only the rare second inode is copied under it. Thread-safe.
final class DigestLocks {
  private static final int COUNT = 1024;

  private final ReentrantLock[] locks =
      Stream.generate(ReentrantLock::new).limit(COUNT).toArray(ReentrantLock[]::new);

  ReentrantLock of(Digest digest) {
    return of(number(digest));
  }

  /// Returns which lock is a digest's, for who cannot keep the digest.
  short number(Digest digest) {
    return (short) (digest.hashCode() & (COUNT - 1));
  }

  ReentrantLock of(short number) {
    return locks[number];
  }
}
