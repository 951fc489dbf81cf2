package dev.asterism.cache.index;

import dev.asterism.content.Digest;

/// The digests of a shard. Confined to who locks the shard.
///
/// ```
/// 0–3  the digest
/// 4    size: 48 bits; flags: 16 bits
/// 5    last use, verified: seconds of the epoch, 32 bits each
/// 6    number of the first key that holds it, plus 1: 32 bits
/// ```
final class DigestRecords {
  static final int DIRTY = 4; // and 8: one for each parity of the journal's epochs
  static final int SEEN = 16; // by this process, on the disk
  private static final int IN_USE = 32;

  private static final long MAX_SIZE = (1L << 48) - 1;
  private static final long LOW = 0xffff_ffffL;

  private final Records records = new Records(7);
  private final Slots slots = new Slots();

  static long hash(Digest digest) {
    return mix(digest.b());
  }

  private static long mix(long bits) {
    return (bits ^ LinksIndex.SEED) * 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio
  }

  private long hashOf(int number) {
    return mix(records.get(number, 1));
  }

  /// Returns the record of a digest, or [Slots#NONE].
  int find(Digest digest) {
    for (int slot = slots.home(hash(digest)); ; slot = slots.next(slot)) {
      int number = slots.at(slot);
      if (number == Slots.NONE || is(number, digest)) {
        return number;
      }
    }
  }

  private boolean is(int number, Digest digest) {
    return records.get(number, 0) == digest.a()
        && records.get(number, 1) == digest.b()
        && records.get(number, 2) == digest.c()
        && records.get(number, 3) == digest.d();
  }

  /// Adds a digest that is not there.
  int add(Digest digest) {
    int number = records.add();
    records.set(number, 0, digest.a());
    records.set(number, 1, digest.b());
    records.set(number, 2, digest.c());
    records.set(number, 3, digest.d());
    records.set(number, 4, (long) IN_USE << 48);
    slots.add(hash(digest), number, this::hashOf);
    return number;
  }

  void remove(int number) {
    slots.remove(hashOf(number), number, this::hashOf);
    records.remove(number);
  }

  Digest digest(int number) {
    return new Digest(
        records.get(number, 0),
        records.get(number, 1),
        records.get(number, 2),
        records.get(number, 3));
  }

  long size(int number) {
    return records.get(number, 4) & MAX_SIZE;
  }

  void setSize(int number, long size) {
    records.set(number, 4, (records.get(number, 4) & ~MAX_SIZE) | Math.min(size, MAX_SIZE));
  }

  boolean has(int number, int flags) {
    return (records.get(number, 4) >>> 48 & flags) != 0;
  }

  int flags(int number) {
    return (int) (records.get(number, 4) >>> 48);
  }

  void set(int number, int flags) {
    records.set(number, 4, records.get(number, 4) | (long) flags << 48);
  }

  void clear(int number, int flags) {
    records.set(number, 4, records.get(number, 4) & ~((long) flags << 48));
  }

  boolean isInUse(int number) {
    return has(number, IN_USE);
  }

  int lastUse(int number) {
    return (int) (records.get(number, 5) >>> 32);
  }

  void setLastUse(int number, int seconds) {
    records.set(number, 5, (long) seconds << 32 | (records.get(number, 5) & LOW));
  }

  int verified(int number) {
    return (int) records.get(number, 5);
  }

  void setVerified(int number, int seconds) {
    records.set(number, 5, (records.get(number, 5) & ~LOW) | (seconds & LOW));
  }

  /// Returns the first key, or [Slots#NONE].
  int firstKey(int number) {
    return (int) records.get(number, 6) - 1;
  }

  void setFirstKey(int number, int key) {
    records.set(number, 6, key + 1);
  }

  int size() {
    return records.size();
  }

  int end() {
    return records.end();
  }

  long bytes() {
    return records.bytes() + slots.bytes();
  }
}
