package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.util.concurrent.locks.ReentrantLock;

/// The part of an index that finds keys of some hashes: in which shard, and which record.
///
/// A key is made and removed under this lock, so a record that is found stays until the lock is let
/// go. The lock of one shard at a time is taken within; never the other way round. Thread-safe.
final class KeySlots {
  private static final int RECORD_BITS = 24;
  private static final int MAX_RECORD = (1 << RECORD_BITS) - 2;

  private final Shard[] shards;
  private final Slots slots = new Slots();
  private final ReentrantLock lock = new ReentrantLock();

  KeySlots(Shard[] shards) {
    this.shards = shards;
  }

  /// What to do with a key that was found, under the locks.
  interface Found<T> {
    T take(Shard shard, int key);
  }

  /// Looks at a key.
  ///
  /// @param otherwise what to return if it is not there
  <T> T look(Link link, T otherwise, Found<T> found) {
    lock.lock();
    try {
      int at = find(link);
      if (at == Slots.NONE) {
        return otherwise;
      }
      Shard shard = shard(at);
      shard.lock.lock();
      try {
        return found.take(shard, record(at));
      } finally {
        shard.lock.unlock();
      }
    } finally {
      lock.unlock();
    }
  }

  /// Lets a key hold a digest, and no other.
  ///
  /// @param live whether the disk shows it; else it does not replace what the disk showed
  void put(Link link, Digest digest, boolean live) {
    lock.lock();
    try {
      int at = find(link);
      if (at != Slots.NONE && (confirmed(at, digest, live) || (!live && isSeen(at)))) {
        return;
      }
      if (at != Slots.NONE) {
        drop(link, at, live); // the next one may go before anybody is told of it
      }
      add(link, digest, live);
    } finally {
      lock.unlock();
    }
  }

  /// Lets a key hold a digest no more.
  ///
  /// @param restored whether that is old news, which the disk's overrule
  void remove(Link link, Digest digest, boolean tell, boolean restored) {
    lock.lock();
    try {
      int at = find(link);
      if (at != Slots.NONE && holds(at, digest, restored)) {
        drop(link, at, tell);
      }
    } finally {
      lock.unlock();
    }
  }

  private int find(Link link) {
    for (int slot = slots.home(link.hash()); ; slot = slots.next(slot)) {
      int at = slots.at(slot);
      if (at == Slots.NONE) {
        return at;
      }
      Shard shard = shard(at);
      shard.lock.lock();
      try {
        if (shard.keys.is(record(at), link.layer(), link.entry(), link.offset())) {
          return at;
        }
      } finally {
        shard.lock.unlock();
      }
    }
  }

  private boolean confirmed(int at, Digest digest, boolean live) {
    Shard shard = shard(at);
    int key = record(at);
    shard.lock.lock();
    try {
      if (!shard.digests.digest(shard.keys.digest(key)).equals(digest)) {
        return false;
      }
      if (live) {
        shard.keys.set(key, KeyRecords.SEEN);
      }
      return true;
    } finally {
      shard.lock.unlock();
    }
  }

  private boolean isSeen(int at) {
    Shard shard = shard(at);
    shard.lock.lock();
    try {
      return shard.keys.has(record(at), KeyRecords.SEEN);
    } finally {
      shard.lock.unlock();
    }
  }

  private boolean holds(int at, Digest digest, boolean restored) {
    Shard shard = shard(at);
    int key = record(at);
    shard.lock.lock();
    try {
      return shard.digests.digest(shard.keys.digest(key)).equals(digest)
          && !(restored && shard.keys.has(key, KeyRecords.SEEN));
    } finally {
      shard.lock.unlock();
    }
  }

  private void drop(Link link, int at, boolean tell) {
    slots.remove(link.hash(), at, this::hashOf);
    Shard shard = shard(at);
    shard.lock.lock();
    try {
      shard.removeKey(record(at), tell);
    } finally {
      shard.lock.unlock();
    }
  }

  private void add(Link link, Digest digest, boolean live) {
    int number = LinksIndex.shardOf(digest);
    Shard shard = shards[number];
    int key;
    shard.lock.lock();
    try {
      int holder = shard.digests.find(digest);
      if (holder == Slots.NONE || holder > MAX_RECORD || shard.keys.end() > MAX_RECORD) {
        return; // the digest was removed meanwhile, or there is no number for it
      }
      key = shard.keys.add(link.layer(), link.entry(), link.offset(), holder);
      if (live) {
        shard.keys.set(key, KeyRecords.SEEN);
        shard.keyChanged(key);
      }
    } finally {
      shard.lock.unlock();
    }
    slots.add(link.hash(), number << RECORD_BITS | key, this::hashOf);
  }

  private long hashOf(int at) {
    Shard shard = shard(at);
    int key = record(at);
    shard.lock.lock();
    try {
      return Link.hash(shard.keys.layer(key), shard.keys.entry(key), shard.keys.offset(key));
    } finally {
      shard.lock.unlock();
    }
  }

  private Shard shard(int at) {
    return shards[at >>> RECORD_BITS];
  }

  private static int record(int at) {
    return at & (1 << RECORD_BITS) - 1;
  }

  long memory() {
    lock.lock();
    try {
      return slots.bytes();
    } finally {
      lock.unlock();
    }
  }
}
