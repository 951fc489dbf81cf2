package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Chunks in memory, those used last: one buffer for a digest, whoever's key it has. Bounded in
/// number and in bytes. Thread-safe.
final class RecentBytes {
  static final long MAX_BYTES = 32 << 20; // 32 MiB
  static final int LARGEST = 4 << 20; // 4 MiB, the usual largest chunk

  private final int maxCount;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<Digest, byte[]> chunks = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes; // guarded by lock

  RecentBytes(int maxCount) {
    this.maxCount = maxCount;
  }

  Optional<byte[]> find(Digest digest) {
    lock.lock();
    try {
      return Optional.ofNullable(chunks.get(digest));
    } finally {
      lock.unlock();
    }
  }

  /// Keeps a chunk for as long as there is room for it.
  ///
  /// @param chunk hashes to `digest`; nobody writes to it any more
  void put(Digest digest, byte[] chunk) {
    if (maxCount == 0 || chunk.length > LARGEST) {
      return;
    }
    lock.lock();
    try {
      byte @Nullable [] before = chunks.put(digest, chunk);
      bytes += chunk.length - (before == null ? 0 : before.length);
      var oldest = chunks.entrySet().iterator();
      while (chunks.size() > maxCount || bytes > MAX_BYTES) {
        bytes -= oldest.next().getValue().length;
        oldest.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Lets go of all of them.
  void clear() {
    lock.lock();
    try {
      chunks.clear();
      bytes = 0;
    } finally {
      lock.unlock();
    }
  }

  void drop(Digest digest) {
    lock.lock();
    try {
      byte @Nullable [] gone = chunks.remove(digest);
      bytes -= gone == null ? 0 : gone.length;
    } finally {
      lock.unlock();
    }
  }
}
