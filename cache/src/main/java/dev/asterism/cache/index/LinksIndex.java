package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.LongUnaryOperator;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/// What is known of each digest in a store, and which keys hold it: digest → size, places, last
/// use, verified since; digest → keys; key → digest.
///
/// It remembers and is never believed: a digest that it knows may be gone from the disk, and one
/// that it does not know may be there. A key is a layer with the entry and offset of a chunk.
///
/// Digests are spread over shards by their first byte, each a pair of flat tables with a lock of
/// its own; what finds a key is spread by the key's hash. No more than one part in 256 is ever
/// moved at once. Some 100 bytes a digest with one key. Thread-safe; no call waits for the disk.
public final class LinksIndex {
  /// Seconds by which a later use is worth writing down.
  static final int USE_STEP = 60;

  /// Spoils the plans of who chooses keys by their hash.
  static final long SEED = new SplittableRandom().nextLong();

  private static final int SHARDS = 256; // one for each first byte of a digest

  private final Shard[] shards =
      IntStream.range(0, SHARDS).mapToObj(_ -> new Shard()).toArray(Shard[]::new);
  private final KeyTable keys = new KeyTable(shards);

  /// What is known of a digest. Immutable.
  ///
  /// @param size bytes
  /// @param lastUse seconds of the epoch, 0 if not known
  /// @param verified when it was hashed last and was right: seconds of the epoch, 0 if not known
  public record Entry(
      Digest digest, boolean isObject, boolean isChunk, long size, int lastUse, int verified) {}

  /// Takes the keys of a digest.
  public interface KeyVisitor {
    /// Takes one; no lock is held.
    void visit(Digest layer, int entry, long offset);
  }

  /// Takes keys and the digests that they hold.
  public interface HeldVisitor {
    /// Takes one; no lock is held.
    void visit(Digest layer, int entry, long offset, Digest digest);
  }

  /// What to do with a digest that was found, under its shard's lock.
  private interface Found<T> {
    T take(Shard shard, int number);
  }

  static int shardOf(Digest digest) {
    return (int) (digest.a() >>> 56);
  }

  private <T> T look(Digest digest, T otherwise, Found<T> found) {
    Shard shard = shards[shardOf(digest)];
    shard.lock.lock();
    try {
      int number = shard.digests.find(digest);
      return number == Slots.NONE ? otherwise : found.take(shard, number);
    } finally {
      shard.lock.unlock();
    }
  }

  /// Notes that a file stands under a digest, and is being used.
  ///
  /// @param now seconds of the epoch
  /// @param verified when its bytes were hashed: seconds of the epoch, 0 if that was not now
  public void added(Place place, Digest digest, long size, int now, int verified) {
    Shard shard = shards[shardOf(digest)];
    shard.lock.lock();
    try {
      int number = shard.obtain(digest);
      boolean news = shows(shard, number, place, size);
      if (verified > 0) {
        shard.digests.setVerified(number, verified);
        news = true;
      }
      if (use(shard.digests, number, now) || news) {
        shard.changed(number);
      }
    } finally {
      shard.lock.unlock();
    }
  }

  /// Notes that the disk shows a file under a digest, which nobody uses for that.
  public void seen(Place place, Digest digest, long size) {
    Shard shard = shards[shardOf(digest)];
    shard.lock.lock();
    try {
      int number = shard.obtain(digest);
      if (shows(shard, number, place, size)) {
        shard.changed(number);
      }
    } finally {
      shard.lock.unlock();
    }
  }

  /// Notes what the disk shows, and returns whether that is news.
  private static boolean shows(Shard shard, int number, Place place, long size) {
    DigestRecords digests = shard.digests;
    boolean news = !digests.has(number, place.bit()) || digests.size(number) != size;
    digests.set(number, place.bit() | DigestRecords.SEEN);
    if (news) {
      shard.setSize(number, size);
    }
    return news;
  }

  /// Notes that a key holds a digest that was [#added].
  public void linked(Digest layer, int entry, long offset, Digest digest) {
    keys.put(layer, entry, offset, digest, true);
  }

  /// Notes that a digest is being used.
  public void used(Digest digest, int now) {
    Optional<Entry> _ = use(digest, now);
  }

  /// Notes that a digest is being used, and returns what is known of it.
  public Optional<Entry> use(Digest digest, int now) {
    return look(
        digest,
        Optional.empty(),
        (shard, number) -> {
          if (use(shard.digests, number, now)) {
            shard.changed(number);
          }
          return Optional.of(entry(shard.digests, number));
        });
  }

  private static boolean use(DigestRecords digests, int number, int now) {
    boolean worth = now - digests.lastUse(number) >= USE_STEP;
    if (worth) {
      digests.setLastUse(number, now);
    }
    return worth;
  }

  /// Notes that a digest's file was hashed and was right.
  public void verified(Digest digest, int now) {
    look(
        digest,
        false,
        (shard, number) -> {
          shard.digests.setVerified(number, now);
          shard.changed(number);
          return true;
        });
  }

  /// Notes that no file stands under a digest any more. Its keys are forgotten too.
  public void removed(Digest digest) {
    remove(digest, false);
  }

  /// Notes that a digest's file does not stand in one of its places any more.
  public void removed(Place place, Digest digest) {
    boolean stays =
        look(
            digest,
            true,
            (shard, number) -> {
              if (!shard.digests.has(number, Place.ALL & ~place.bit())) {
                return false;
              }
              if (shard.digests.has(number, place.bit())) {
                shard.digests.clear(number, place.bit());
                shard.changed(number);
              }
              return true;
            });
    if (!stays) {
      removed(digest);
    }
  }

  /// Removes a digest's keys, and then the digest.
  ///
  /// @param restored whether a file says so: then not what the disk has shown since
  private void remove(Digest digest, boolean restored) {
    while (true) {
      Optional<Link> key =
          look(
              digest,
              Optional.empty(),
              (shard, number) -> {
                if (restored && shard.digests.has(number, DigestRecords.SEEN)) {
                  return Optional.empty();
                }
                Optional<Link> first = shard.firstKey(number);
                if (first.isEmpty()) {
                  shard.remove(number, !restored);
                }
                return first;
              });
      if (key.isEmpty()) {
        return;
      }
      keys.remove(key.get(), digest);
    }
  }

  /// Notes that a key holds nothing any more.
  public void unlinked(Digest layer, int entry, long offset) {
    keys.remove(layer, entry, offset);
  }

  /// Notes that a layer holds nothing any more. Its keys are not found from now on; their memory is
  /// given back before this returns, some milliseconds a million keys.
  public void layerRemoved(Digest layer) {
    keys.removeLayer(layer, true);
  }

  /// Returns what is known of a digest.
  public Optional<Entry> find(Digest digest) {
    return look(
        digest, Optional.empty(), (shard, number) -> Optional.of(entry(shard.digests, number)));
  }

  /// Returns what is known of the digest that a key holds.
  public Optional<Entry> find(Digest layer, int entry, long offset) {
    return keys.look(
        layer,
        entry,
        offset,
        (shard, key) -> Optional.of(entry(shard.digests, shard.keys.digest(key))));
  }

  private static Entry entry(DigestRecords digests, int number) {
    return new Entry(
        digests.digest(number),
        digests.has(number, Place.OBJECT.bit()),
        digests.has(number, Place.CHUNK.bit()),
        digests.size(number),
        digests.lastUse(number),
        digests.verified(number));
  }

  /// Returns when a digest was last used: seconds of the epoch, 0 if that is not known.
  public int lastUse(Digest digest) {
    return look(digest, 0, (shard, number) -> shard.digests.lastUse(number));
  }

  /// Visits the keys that hold a digest.
  public void keys(Digest digest, KeyVisitor visitor) {
    List<Link> found = look(digest, List.of(), Shard::keysOf);
    for (Link link : found) {
      keys.layers()
          .layer(link.layer())
          .ifPresent(layer -> visitor.visit(layer, link.entry(), link.offset()));
    }
  }

  /// Returns how many digests are known.
  public long digests() {
    return sum(shard -> shard.digests.size());
  }

  /// Returns how many keys are known.
  public long keys() {
    return sum(shard -> shard.keys.size());
  }

  /// Returns the sum of the digests' sizes.
  public long bytes() {
    return sum(Shard::bytes);
  }

  /// Divides all digests among the layers that hold them, evenly; what nobody holds is in nobody's
  /// share. Some 100 ms for a million digests, and no lock is held for more than 50 µs.
  ///
  /// @param allocated what a file of so many bytes takes of the disk
  public Map<Digest, LayerShare> shares(LongUnaryOperator allocated) {
    Shares shares = new Shares(allocated);
    for (Shard shard : shards) {
      shard.share(shares);
    }
    return shares.result(keys.layers());
  }

  /// Returns the bytes of memory that this takes, but for a few kilobytes.
  public long memory() {
    return sum(Shard::memory) + keys.memory();
  }

  private long sum(ToLongFunction<Shard> of) {
    long sum = 0;
    for (Shard shard : shards) {
      shard.lock.lock();
      try {
        sum += of.applyAsLong(shard);
      } finally {
        shard.lock.unlock();
      }
    }
    return sum;
  }

  /// Takes what a file says of a digest, unless the disk has said otherwise; of its times the later
  /// ones hold.
  ///
  /// @param news whether that was written later than what was restored before
  void restore(Entry said, boolean news) {
    Shard shard = shards[shardOf(said.digest())];
    shard.lock.lock();
    try {
      int number = shard.obtain(said.digest());
      DigestRecords digests = shard.digests;
      if (!digests.has(number, DigestRecords.SEEN) && (news || digests.size(number) == 0)) {
        shard.setSize(number, said.size());
        digests.clear(number, Place.ALL);
        digests.set(number, places(said));
      }
      digests.setLastUse(number, Math.max(digests.lastUse(number), said.lastUse()));
      digests.setVerified(number, Math.max(digests.verified(number), said.verified()));
    } finally {
      shard.lock.unlock();
    }
  }

  private static int places(Entry entry) {
    return (entry.isObject() ? Place.OBJECT.bit() : 0) | (entry.isChunk() ? Place.CHUNK.bit() : 0);
  }

  /// Takes what a file says of a key, unless the disk has said otherwise.
  void restoreLink(Digest layer, int entry, long offset, Digest digest) {
    keys.put(layer, entry, offset, digest, false);
  }

  /// Takes a file's word that a digest is gone, unless the disk has said otherwise.
  void restoreRemoved(Digest digest) {
    remove(digest, true);
  }

  /// Takes a file's word that a key holds a digest no more, unless the disk has said otherwise.
  void restoreUnlinked(Digest layer, int entry, long offset, Digest digest) {
    keys.removeRestored(layer, entry, offset, digest);
  }

  /// Takes a file's word that a layer had nothing, unless the disk has said otherwise.
  void restoreLayerRemoved(Digest layer) {
    keys.removeRestoredLayer(layer);
  }

  /// Returns the digests of one first byte.
  ///
  /// @param seenToo also those that the disk has shown
  public List<Entry> digests(int firstByte, boolean seenToo) {
    Shard shard = shards[firstByte];
    List<Entry> found = new ArrayList<>();
    shard.lock.lock();
    try {
      for (int number = 0; number < shard.digests.end(); number++) {
        if (shard.digests.isInUse(number)
            && (seenToo || !shard.digests.has(number, DigestRecords.SEEN))) {
          found.add(entry(shard.digests, number));
        }
      }
    } finally {
      shard.lock.unlock();
    }
    return found;
  }

  /// Visits the keys of the digests of one first byte.
  ///
  /// @param seenToo also those that the disk has shown
  public void keys(int firstByte, boolean seenToo, HeldVisitor visitor) {
    Shard shard = shards[firstByte];
    List<Shard.Held> found;
    shard.lock.lock();
    try {
      found = shard.keys(seenToo);
    } finally {
      shard.lock.unlock();
    }
    for (Shard.Held held : found) {
      Link link = held.link();
      keys.layers()
          .layer(link.layer())
          .ifPresent(layer -> visitor.visit(layer, link.entry(), link.offset(), held.digest()));
    }
  }

  /// Tells whether there is anything to [#tell].
  boolean isChanged() {
    boolean changed = keys.isChanged();
    for (Shard shard : shards) {
      shard.lock.lock();
      try {
        changed |= shard.isChanged();
      } finally {
        shard.lock.unlock();
      }
    }
    return changed;
  }

  /// Returns the layers by their numbers.
  LayerNumbers layers() {
    return keys.layers();
  }

  /// Tells what changed since this was called last. One thread at a time.
  ///
  /// @return false if that is not all: then everything must be told
  boolean tell(Changes to) throws IOException {
    keys.tellLayersGone(to);
    boolean complete = true;
    for (Shard shard : shards) {
      complete &= shard.tell(to);
    }
    return complete;
  }

  /// Tells everything.
  void tellAll(Changes to) throws IOException {
    for (Shard shard : shards) {
      shard.tellAll(to);
      to.pause();
    }
  }
}
