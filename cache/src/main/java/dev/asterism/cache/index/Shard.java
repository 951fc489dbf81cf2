package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The part of an index that has the digests of one first byte, and what changed in it.
///
/// Changes are noted in the records, by a bit for each parity of the epochs, and listed by number:
/// 4 bytes a change, each once. What is gone is listed whole, so there is a limit to it. All but
/// [#tell] and [#tellAll] are called with the lock held.
final class Shard {
  /// Records that are told of at once: some 50 µs.
  private static final int BATCH = 256;

  /// What is gone and not yet written: more is told by writing everything anew.
  private static final int MOST_GONE = 1 << 14;

  final ReentrantLock lock = new ReentrantLock();
  final DigestRecords digests = new DigestRecords();
  final KeyRecords keys = new KeyRecords(digests);

  private long bytes; // sum of the digests' sizes
  private int epoch; // 0 or 1
  private Listed listed = new Listed();
  private boolean overflow;

  /// What changed since the last epoch began.
  private static final class Listed {
    final IntList digests = new IntList();
    final IntList keys = new IntList();
    final List<Digest> removed = new ArrayList<>();
    final List<Held> unlinked = new ArrayList<>();
  }

  /// A key and the digest that it holds.
  record Held(Link link, Digest digest) {}

  /// Returns the record of a digest, made if there was none.
  int obtain(Digest digest) {
    int number = digests.find(digest);
    return number == Slots.NONE ? digests.add(digest) : number;
  }

  void setSize(int digest, long size) {
    bytes -= digests.size(digest);
    digests.setSize(digest, size);
    bytes += digests.size(digest);
  }

  void changed(int digest) {
    int bit = DigestRecords.DIRTY << epoch;
    if (!digests.has(digest, bit)) {
      digests.set(digest, bit);
      listed.digests.add(digest);
    }
  }

  void keyChanged(int key) {
    int bit = KeyRecords.DIRTY << epoch;
    if (!keys.has(key, bit)) {
      keys.set(key, bit);
      listed.keys.add(key);
    }
  }

  /// Forgets a digest that has no keys.
  ///
  /// @param tell whether the journal is to say so
  void remove(int number, boolean tell) {
    bytes -= digests.size(number);
    if (tell && hasRoom()) {
      listed.removed.add(digests.digest(number));
    }
    digests.remove(number);
  }

  /// Forgets a key.
  void removeKey(int number, boolean tell) {
    if (tell && hasRoom()) {
      listed.unlinked.add(new Held(link(number), digests.digest(keys.digest(number))));
    }
    keys.remove(number);
  }

  private boolean hasRoom() {
    overflow |= listed.removed.size() + listed.unlinked.size() >= MOST_GONE;
    return !overflow;
  }

  long bytes() {
    return bytes;
  }

  /// Returns the first key that holds a digest.
  Optional<Link> firstKey(int digest) {
    int key = digests.firstKey(digest);
    return key == Slots.NONE ? Optional.empty() : Optional.of(link(key));
  }

  /// Returns the keys that hold a digest.
  List<Link> keysOf(int digest) {
    List<Link> found = new ArrayList<>();
    for (int key = digests.firstKey(digest); key != Slots.NONE; key = keys.next(key)) {
      found.add(link(key));
    }
    return found;
  }

  /// Returns the keys, or only those that the disk has not shown.
  List<Held> keys(boolean seenToo) {
    List<Held> found = new ArrayList<>();
    for (int key = 0; key < keys.end(); key++) {
      if (keys.isInUse(key) && (seenToo || !keys.has(key, KeyRecords.SEEN))) {
        found.add(new Held(link(key), digests.digest(keys.digest(key))));
      }
    }
    return found;
  }

  boolean isChanged() {
    return overflow
        || listed.digests.size() > 0
        || listed.keys.size() > 0
        || !listed.removed.isEmpty()
        || !listed.unlinked.isEmpty();
  }

  private Link link(int key) {
    return new Link(keys.layer(key), keys.entry(key), keys.offset(key));
  }

  /// Returns the keys of a layer among the records from `from` to `to`.
  List<Link> keysOf(int layer, int from, int to) {
    List<Link> found = new ArrayList<>();
    for (int key = from; key < Math.min(to, keys.end()); key++) {
      if (keys.isInUse(key) && keys.layer(key) == layer) {
        found.add(link(key));
      }
    }
    return found;
  }

  /// Tells what changed since it was last called: what is gone first, because it may have come
  /// again. One thread at a time.
  ///
  /// @return false if more is gone than could be listed: everything must be told
  /// @throws IOException of `to`: then everything must be told, too
  boolean tell(Changes to) throws IOException {
    Listed taken;
    int taking;
    boolean complete;
    lock.lock();
    try {
      taken = listed;
      taking = epoch;
      complete = !overflow;
      listed = new Listed();
      epoch ^= 1;
      overflow = false;
      taken.removed.forEach(to::removed);
      taken.unlinked.forEach(gone ->
          to.unlinked(gone.link.layer(), gone.link.entry(), gone.link.offset(), gone.digest));
    } finally {
      lock.unlock();
    }
    try {
      for (int from = 0; from < taken.digests.size(); from += BATCH) {
        tellDigests(taken.digests, from, DigestRecords.DIRTY << taking, to);
        to.pause();
      }
      for (int from = 0; from < taken.keys.size(); from += BATCH) {
        tellKeys(taken.keys, from, KeyRecords.DIRTY << taking, to);
        to.pause();
      }
    } catch (IOException e) {
      forget(taken, taking);
      throw e;
    }
    return complete;
  }

  /// Lets what could not be told be listed again when it changes: everything must be told now.
  private void forget(Listed taken, int taking) {
    lock.lock();
    try {
      for (int i = 0; i < taken.digests.size(); i++) {
        digests.clear(taken.digests.get(i), DigestRecords.DIRTY << taking);
      }
      for (int i = 0; i < taken.keys.size(); i++) {
        keys.clear(taken.keys.get(i), KeyRecords.DIRTY << taking);
      }
    } finally {
      lock.unlock();
    }
  }

  private void tellDigests(IntList changed, int from, int bit, Changes to) {
    lock.lock();
    try {
      for (int i = from; i < Math.min(from + BATCH, changed.size()); i++) {
        int digest = changed.get(i);
        if (digests.has(digest, bit)) {
          digests.clear(digest, bit);
          tellDigest(digest, to);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void tellKeys(IntList changed, int from, int bit, Changes to) {
    lock.lock();
    try {
      for (int i = from; i < Math.min(from + BATCH, changed.size()); i++) {
        int key = changed.get(i);
        if (keys.has(key, bit)) {
          keys.clear(key, bit);
          tellKey(key, digests.digest(keys.digest(key)), to);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /// Tells everything: each digest, and after it its keys.
  void tellAll(Changes to) throws IOException {
    for (int from = 0; tellSome(from, to); from += BATCH) {
      to.pause();
    }
  }

  private boolean tellSome(int from, Changes to) {
    lock.lock();
    try {
      int end = Math.min(from + BATCH, digests.end());
      for (int digest = from; digest < end; digest++) {
        if (digests.isInUse(digest)) {
          tellDigest(digest, to);
          tellKeysOf(digest, to);
        }
      }
      return end < digests.end();
    } finally {
      lock.unlock();
    }
  }

  /// Divides every digest among its holders.
  void share(Shares to) {
    int from = 0;
    while (shareSome(from, to)) {
      from += BATCH;
    }
  }

  private boolean shareSome(int from, Shares to) {
    lock.lock();
    try {
      int end = Math.min(from + BATCH, digests.end());
      for (int digest = from; digest < end; digest++) {
        if (digests.isInUse(digest)) {
          to.begin();
          for (int key = digests.firstKey(digest); key != Slots.NONE; key = keys.next(key)) {
            to.holder(keys.layer(key));
          }
          to.end(digests.size(digest));
        }
      }
      return end < digests.end();
    } finally {
      lock.unlock();
    }
  }

  private void tellDigest(int digest, Changes to) {
    to.digest(
        digests.digest(digest),
        digests.flags(digest) & Place.ALL,
        digests.size(digest),
        digests.lastUse(digest),
        digests.verified(digest));
  }

  private void tellKeysOf(int digest, Changes to) {
    Digest name = digests.digest(digest);
    for (int key = digests.firstKey(digest); key != Slots.NONE; key = keys.next(key)) {
      tellKey(key, name, to);
    }
  }

  private void tellKey(int key, Digest digest, Changes to) {
    to.link(keys.layer(key), keys.entry(key), keys.offset(key), digest);
  }

  long memory() {
    return digests.bytes() + keys.bytes() + 4L * (listed.digests.size() + listed.keys.size());
  }
}
