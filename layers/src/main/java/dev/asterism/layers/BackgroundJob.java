package dev.asterism.layers;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A layer that is fetched in the background, and how far that is. Confined to one thread at a
/// time, but for what is said to be shared.
final class BackgroundJob {
  private static final Logger LOGGER = System.getLogger(BackgroundJob.class.getName());

  /// How often and how long it is waited for that files of several chunks are put together.
  private static final int LOOKS = 100;

  private static final Duration LOOK = Duration.ofMillis(100);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
  private static final Duration LAST_RETRY = Duration.ofMinutes(10);

  private final LayerContent layer;
  private final LayerDirectory directory;
  private final long began = System.nanoTime();
  private long due = began; // on the clock of System.nanoTime
  private Duration pause = FIRST_RETRY;
  private int looks;

  /// Slices that were asked for and have not come. Shared.
  private final Phaser asked = new Phaser(1);

  /// Chunks of this attempt that could not be had. Shared.
  private final AtomicInteger failed = new AtomicInteger();

  BackgroundJob(LayerContent layer, LayerDirectory directory) {
    this.layer = layer;
    this.directory = directory;
  }

  /// What came of one attempt.
  enum Outcome {
    /// The layer is complete, or not mounted any more.
    OVER,
    /// All bytes are here, and some files still lie in parts.
    NOT_PUT_TOGETHER,
    /// Something could not be had, or not be kept.
    FAILED
  }

  LayerContent layer() {
    return layer;
  }

  /// Returns when it is to be taken up, on the clock of System.nanoTime.
  long due() {
    return due;
  }

  /// Takes it up soon: others put its files together.
  void lookAgain() {
    looks++;
    due = System.nanoTime() + LOOK.toNanos();
  }

  /// Takes it up later, and still later the next time.
  void postpone() {
    due = System.nanoTime() + pause.toNanos();
    Duration twice = pause.multipliedBy(2);
    pause = twice.compareTo(LAST_RETRY) < 0 ? twice : LAST_RETRY;
  }

  /// Begins another attempt.
  void begin() {
    failed.set(0);
  }

  /// Tells whether something of this attempt could not be had until now.
  boolean hasFailed() {
    return failed.get() > 0;
  }

  /// Notes that a slice is asked for.
  void ask() {
    int _ = asked.register();
  }

  /// Notes that a slice has come.
  ///
  /// @param missing how many of its chunks have not
  void came(int missing) {
    failed.addAndGet(missing);
    int _ = asked.arriveAndDeregister();
  }

  /// Waits until every slice that was asked for has come.
  void await() throws InterruptedException {
    int _ = asked.awaitAdvanceInterruptibly(asked.arrive());
  }

  /// Sees to it that every file is whole where the kernel finds it, and notes that the layer is
  /// complete. A file whose parts do not make what the TOC promises stays in parts for ever.
  Outcome finish() {
    layer.stored().adopt();
    for (int number = 0; number < layer.table().chunks(); number++) {
      if (!layer.stored().isStored(layer.table().chunk(number))) {
        return Outcome.FAILED;
      }
    }
    if (looks < LOOKS && !putTogether()) {
      return Outcome.NOT_PUT_TOGETHER;
    }
    return mark();
  }

  /// Has every shared file of several chunks put together, and tells whether all are.
  private boolean putTogether() {
    boolean all = true;
    for (int index = 0; index < layer.table().objects(); index++) {
      LayerObject object = layer.table().object(index);
      if (object.sharing() == LayerObject.Sharing.SHARED
          && !layer.cache().holds(object.digest(), object.size())) {
        layer.stored().completeIfHere(object);
        all = false;
      }
    }
    return all;
  }

  private Outcome mark() {
    try {
      directory.markComplete();
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "layer cannot be marked complete layer={0} cause=\"{1}\"",
          layer.digest(),
          e.getMessage());
      return Outcome.FAILED;
    }
    LOGGER.log(
        Level.INFO,
        "layer-complete layer={0} bytes={1} millis={2}",
        layer.digest(),
        String.valueOf(layer.table().blobSize()),
        String.valueOf(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began)));
    return Outcome.OVER;
  }
}
