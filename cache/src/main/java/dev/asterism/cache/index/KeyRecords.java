package dev.asterism.cache.index;

/// The keys that hold a shard's digests: a chain for each digest. Confined to who locks the shard.
///
/// ```
/// 0  previous and next key of the same digest, plus 1: 32 bits each
/// 1  layer's number: 24 bits; flags: 9 bits; entry: 31 bits
/// 2  number of the digest: 24 bits; offset: 40 bits
/// ```
final class KeyRecords {
  static final int DIRTY = 2; // and 4
  static final int SEEN = 8;
  private static final int IN_USE = 1;

  static final int MAX_LAYER = (1 << 24) - 1;
  static final long MAX_OFFSET = (1L << 40) - 1;
  private static final long LOW = 0xffff_ffffL;

  private final Records records = new Records(3);
  private final DigestRecords digests;

  KeyRecords(DigestRecords digests) {
    this.digests = digests;
  }

  /// Adds a key to those of a digest.
  int add(int layer, int entry, long offset, int digest) {
    int number = records.add();
    records.set(number, 1, (long) layer << 40 | (long) IN_USE << 31 | entry);
    records.set(number, 2, (long) digest << 40 | offset);
    int next = digests.firstKey(digest);
    link(number, Slots.NONE, next);
    if (next != Slots.NONE) {
      link(next, number, next(next));
    }
    digests.setFirstKey(digest, number);
    return number;
  }

  void remove(int number) {
    int previous = previous(number);
    int next = next(number);
    if (previous == Slots.NONE) {
      digests.setFirstKey(digest(number), next);
    } else {
      link(previous, previous(previous), next);
    }
    if (next != Slots.NONE) {
      link(next, previous, next(next));
    }
    records.remove(number);
  }

  private void link(int number, int previous, int next) {
    records.set(number, 0, (long) (previous + 1) << 32 | ((next + 1) & LOW));
  }

  private int previous(int number) {
    return (int) (records.get(number, 0) >>> 32) - 1;
  }

  /// Returns the next key of the same digest, or [Slots#NONE].
  int next(int number) {
    return (int) records.get(number, 0) - 1;
  }

  boolean is(int number, int layer, int entry, long offset) {
    return layer(number) == layer && entry(number) == entry && offset(number) == offset;
  }

  int layer(int number) {
    return (int) (records.get(number, 1) >>> 40);
  }

  int entry(int number) {
    return (int) records.get(number, 1) & Integer.MAX_VALUE;
  }

  long offset(int number) {
    return records.get(number, 2) & MAX_OFFSET;
  }

  int digest(int number) {
    return (int) (records.get(number, 2) >>> 40);
  }

  boolean has(int number, int flags) {
    return (records.get(number, 1) >>> 31 & flags) != 0;
  }

  void set(int number, int flags) {
    records.set(number, 1, records.get(number, 1) | (long) flags << 31);
  }

  void clear(int number, int flags) {
    records.set(number, 1, records.get(number, 1) & ~((long) flags << 31));
  }

  boolean isInUse(int number) {
    return has(number, IN_USE);
  }

  int size() {
    return records.size();
  }

  int end() {
    return records.end();
  }

  long bytes() {
    return records.bytes();
  }
}
