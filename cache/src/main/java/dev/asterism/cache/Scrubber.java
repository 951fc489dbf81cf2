package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.PageCache;
import dev.asterism.linux.Priority;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// Hashes the whole store in the background, slowly: what the disk lost, or somebody overwrote, the
/// kernel would go on giving to containers, for it reads the store without asking.
///
/// A file that does not hash to its name leaves the store at once, and whoever can fetch it is
/// asked to. The pages that reading brought into memory are dropped again, unless the file was in
/// memory before. One thread of the lowest priority; where it is, is kept for the next process.
final class Scrubber implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Scrubber.class.getName());

  /// Between two looks whether a pass is due.
  private static final Duration IDLE = Duration.ofMinutes(10);

  /// Bytes hashed between two times that it is written down how far it is: what is done again after
  /// a crash.
  private static final long REMEMBERED = 256L << 20; // 256 MiB

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Ledger ledger;
  private final Upkeep upkeep;
  private final InstantSource clock;
  private final StoreWalk walk;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicLong bytesHashed = new AtomicLong();
  private long rememberedAt; // of bytesHashed; confined to who makes the pass
  private volatile Consumer<Digest> healer = _ -> {};
  private volatile ScrubState state; // changed by `change` alone
  private volatile Optional<Thread> thread = Optional.empty();

  Scrubber(
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      Ledger ledger,
      Upkeep upkeep,
      InstantSource clock)
      throws IOException {
    this.ledger = ledger;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.upkeep = upkeep;
    this.clock = clock;
    this.walk = new StoreWalk(layout);
    state = ScrubState.read(layout.scrub());
  }

  /// Says who is told of a file that had to go; may be called from any thread, and returns soon.
  void heal(Consumer<Digest> by) {
    healer = by;
  }

  /// Asks for a file that had to go.
  void askFor(Digest digest) {
    healer.accept(digest);
  }

  void start() {
    if (upkeep.scrubRate() > 0) {
      thread = Optional.of(Thread.ofPlatform().daemon().name("cache scrub").start(this::run));
    }
  }

  ScrubStatus status() {
    ScrubState now = state;
    return new ScrubStatus(
        second(now.completeSecond()),
        second(now.begunSecond()),
        now.files(),
        now.bytes(),
        now.wrong(),
        now.healed());
  }

  private static Optional<Instant> second(long second) {
    return second == 0 ? Optional.empty() : Optional.of(Instant.ofEpochSecond(second));
  }

  private void run() {
    Priority.lower(Priority.LOWEST);
    try {
      do {
        if (state.begunSecond() > 0 || isDue()) {
          pass();
        }
      } while (!pause(IDLE));
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "cache scrub ended", e);
    }
  }

  private boolean isDue() {
    Instant last = Instant.ofEpochSecond(state.completeSecond());
    return !last.plus(upkeep.scrubEvery()).isAfter(clock.instant());
  }

  /// Hashes what the pass that is under way has not, or a new one everything; returns early when
  /// the store is closed.
  void pass() {
    if (state.begunSecond() == 0) {
      change(at -> at.begin(now()));
    }
    while (state.next() < ScrubState.DIRECTORIES) {
      if (isClosing() || !directory(state.next())) {
        remember(); // a directory that was not finished is done again
        return;
      }
    }
    change(at -> at.complete(now()));
    remember();
    LOG.log(
        System.Logger.Level.INFO,
        "cache scrubbed files={0} bytes={1} wrong={2}",
        String.valueOf(state.files()),
        String.valueOf(state.bytes()),
        String.valueOf(state.wrong()));
  }

  /// A file that was met, and what it should hash to.
  private record Met(Digest digest, String path) {}

  private boolean directory(int number) {
    List<Met> met = new ArrayList<>();
    long before = bytesHashed.get();
    long wrong = 0;
    try {
      list(number, (digest, path, _) -> met.add(new Met(digest, path)));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache directory not scrubbed", e);
    }
    for (Met file : met) {
      wrong += isWrong(file.digest, file.path) ? 1 : 0;
      if (isClosing()) {
        return false;
      }
    }
    long hashed = bytesHashed.get() - before;
    long bad = wrong;
    change(at -> at.after(met.size(), hashed, bad));
    if (bytesHashed.get() - rememberedAt >= REMEMBERED) {
      remember();
    }
    return true;
  }

  private void list(int number, StoreWalk.Names<Digest> names) throws IOException {
    int directory = number % CacheLayout.FAN_OUT.size();
    switch (number / CacheLayout.FAN_OUT.size()) {
      case 0 -> walk.digests(StoreWalk.Place.OBJECT, directory, names);
      case 1 -> walk.digests(StoreWalk.Place.CHUNK, directory, names);
      default -> {
        for (Digest layer : walk.ownLayers()) {
          walk.own(layer, directory, names);
        }
      }
    }
  }

  private boolean isClosing() {
    return closing.getCount() == 0;
  }

  private void remember() {
    rememberedAt = bytesHashed.get();
    try {
      state.write(layout.scrub());
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "scrub not remembered", e);
    }
  }

  /// Hashes one file; removes it if it is wrong.
  private boolean isWrong(Digest digest, String path) {
    boolean inMemory = PageCache.of(path).map(pages -> pages.cached() > 0).orElse(true);
    Optional<Digest> actual;
    try {
      actual = hash(path);
    } catch (InterruptedIOException _) {
      return false; // closing
    } catch (IOException e) {
      return !stands(path).isEmpty() && unreadable(path, digest, e);
    }
    if (!inMemory) {
      PageCache.drop(path);
    }
    if (actual.isEmpty()) {
      return false;
    }
    if (actual.get().equals(digest)) {
      ledger.verified(digest);
      return false;
    }
    remove(path, digest, "hashes to " + actual.get());
    return true;
  }

  /// What the disk cannot read is as bad as what it reads wrongly.
  private boolean unreadable(String path, Digest digest, IOException cause) {
    remove(path, digest, String.valueOf(cause.getMessage()));
    return true;
  }

  private Optional<FileStatus> stands(String path) {
    try {
      return disk.status(path);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private void remove(String path, Digest digest, String why) {
    Optional<FileStatus> bad = stands(path);
    files.removeDamaged(path, digest, why);
    for (String other : List.of(layout.object(digest), layout.part(digest))) {
      if (bad.isPresent() && stands(other).filter(bad.get()::isSameFile).isPresent()) {
        files.removeDamaged(other, digest, why);
      }
    }
    healer.accept(digest);
  }

  /// Notes that a file came back that had to go.
  void healed() {
    change(at -> at.healedMore(1));
  }

  /// What heals does so beside the pass.
  private synchronized void change(UnaryOperator<ScrubState> change) {
    state = change.apply(state);
  }

  private long now() {
    return Math.max(1, clock.instant().getEpochSecond());
  }

  /// @throws InterruptedIOException if the store is closed meanwhile
  private Optional<Digest> hash(String path) throws IOException {
    if (disk.status(path).isEmpty()) {
      return Optional.empty();
    }
    MessageDigest hasher = Digest.hasher();
    long begun = System.nanoTime();
    try (FileChannel file = disk.open(path)) {
      Hashes.read(
          file,
          0,
          file.size(),
          (slice, position) -> {
            long length = position + slice.remaining();
            bytesHashed.addAndGet(slice.remaining());
            hasher.update(slice);
            wait(begun, length);
            if (isClosing()) {
              throw new InterruptedIOException("closing");
            }
          });
    }
    return Optional.of(Digest.finish(hasher));
  }

  /// Keeps to the rate: waits until `length` bytes may have been read.
  private void wait(long begun, long length) {
    if (upkeep.scrubRate() > 0) {
      double seconds = (double) length / upkeep.scrubRate();
      long left = begun + (long) (seconds * 1e9) - System.nanoTime();
      if (left > 0) {
        pause(Duration.ofNanos(left));
      }
    }
  }

  /// Waits; returns early, with true, when the store is closed.
  private boolean pause(Duration time) {
    try {
      return closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  @Override
  public void close() {
    closing.countDown();
    boolean interrupted = false;
    while (thread.isPresent()) {
      try {
        thread.get().join();
        break;
      } catch (InterruptedException _) {
        interrupted = true; // it ends by itself
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
