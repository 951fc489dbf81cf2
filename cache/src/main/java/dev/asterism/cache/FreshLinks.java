package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/// What stands in `fresh`: when it was published, and whether it is on the disk since.
///
/// Publications are numbered. A sync covers those numbered before it began, because each gets its
/// number after its bytes and links were made. A digest that is published again while it is listed
/// gets a new number, and only the newest one lets its link go. Thread-safe; the directory itself
/// is the caller's.
final class FreshLinks {
  private record Entry(Digest digest, long number, Instant since) {}

  private final InstantSource clock;
  private final ConcurrentHashMap<Digest, Entry> newest = new ConcurrentHashMap<>();
  private final Queue<Entry> entries = new ConcurrentLinkedQueue<>();
  private final AtomicLong next = new AtomicLong();
  private volatile long synced;

  FreshLinks(InstantSource clock) {
    this.clock = clock;
  }

  /// Lists a digest whose links have just been made.
  void add(Digest digest) {
    Entry entry = new Entry(digest, next.getAndIncrement(), clock.instant());
    newest.put(digest, entry);
    entries.add(entry);
  }

  /// Tells whether `fresh` has a link to the digest.
  boolean contains(Digest digest) {
    return newest.containsKey(digest);
  }

  /// Tells whether nothing is listed.
  boolean isEmpty() {
    return newest.isEmpty();
  }

  /// Tells whether the digest was published less than `age` ago.
  boolean isYoung(Digest digest, Duration age) {
    Entry entry = newest.get(digest);
    return entry != null && entry.since.isAfter(clock.instant().minus(age));
  }

  /// Tells whether nobody may take the digest's files away: it was published less than `age` ago,
  /// and the kernel may be on its way from `objects` to `fresh`; or it is not known to be on the
  /// disk, and if the machine stopped, the list of those must be whole.
  boolean mustStay(Digest digest, Duration age) {
    Entry entry = newest.get(digest);
    return entry != null
        && (entry.number >= synced || entry.since.isAfter(clock.instant().minus(age)));
  }

  /// Notes that what was published before `number` is on the disk.
  void synced(long number) {
    synced = number;
  }

  /// Returns the number that the next publication gets: a sync that begins now covers all below.
  long mark() {
    return next.get();
  }

  /// Takes one digest off the list that was published before `synced` and is at least `age` old.
  /// Its link may go unless [#contains] finds it again under the digest's lock.
  Optional<Digest> takeExpired(long synced, Duration age) {
    Instant before = clock.instant().minus(age);
    while (true) {
      Entry head = entries.peek();
      if (head == null || head.number >= synced || head.since.isAfter(before)) {
        return Optional.empty();
      }
      if (entries.remove(head) && newest.remove(head.digest, head)) {
        return Optional.of(head.digest);
      }
    }
  }

  /// Takes a digest off the list whose link is gone.
  void remove(Digest digest) {
    newest.remove(digest);
  }
}
