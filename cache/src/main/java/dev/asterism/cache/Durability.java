package dev.asterism.cache;

import dev.asterism.cache.index.LinksFile;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/// Brings to the disk what was published and what changed in the index, and marks the root as in
/// use as long as something may not be there. Thread-safe.
final class Durability {
  private static final System.Logger LOG = System.getLogger(Durability.class.getName());

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final RunMarker marker;
  private final FreshLinks fresh;
  private final LinksFile linksFile;
  private final Tally tally;

  /// One sync at a time; held over I/O, and nothing but syncs waits for it.
  private final ReentrantLock persisting = new ReentrantLock();

  private final AtomicBoolean folding = new AtomicBoolean();

  private long synced; // guarded by persisting: publications below it are on the disk
  private boolean syncFailed; // guarded by persisting
  private volatile boolean ended; // written under persisting

  /// Why nothing may be written now; the marker of an unclean stop could not be.
  private volatile Optional<Cause> refusal = Optional.empty();

  Durability(
      CacheLayout layout,
      CacheDisk disk,
      RunMarker marker,
      FreshLinks fresh,
      LinksFile linksFile,
      Tally tally) {
    this.layout = layout;
    this.disk = disk;
    this.marker = marker;
    this.fresh = fresh;
    this.linksFile = linksFile;
    this.tally = tally;
  }

  /// Marks the root as in use. Where that fails, [#refusal] says why nothing may be written.
  void begin() {
    try {
      marker.set();
      refusal = Optional.empty();
    } catch (IOException e) {
      refusal = Optional.of(tally.writeFailed(Cause.of(e), layout.running().toString()));
    }
  }

  private void beginAgain() {
    begin();
    if (refusal.isEmpty()) {
      LOG.log(System.Logger.Level.INFO, "cache can be written again root={0}", layout.root());
    }
  }

  /// Returns why nothing may be written now, if so.
  Optional<Cause> refusal() {
    return refusal;
  }

  /// Does nothing after [#end]; else one sync, if there was a publication since the last.
  ///
  /// @param background folds the journal when it has grown large
  /// @return publications below this mark of [FreshLinks] are on the disk; empty if nobody knows
  /// @throws IOException if the sync fails: then no later one is believed
  Optional<Long> persist(Executor background) throws IOException {
    persisting.lock();
    try {
      if (ended) {
        return Optional.empty();
      }
      if (refusal.isPresent() && !syncFailed) {
        beginAgain();
      }
      persistIndex();
      if (linksFile.wantsFold() && folding.compareAndSet(false, true)) {
        background.execute(this::fold);
      }
      long mark = fresh.mark();
      if (mark > synced) {
        sync();
        synced = mark;
        fresh.synced(mark);
      }
      return syncFailed ? Optional.empty() : Optional.of(synced);
    } finally {
      persisting.unlock();
    }
  }

  /// Writes the index, and takes the mark away if everything is on the disk.
  ///
  /// @param sync whether what is not there is brought there first
  /// @throws IOException if the sync fails, or the mark stays
  void end(boolean sync) throws IOException {
    persisting.lock();
    try {
      ended = true;
      persistIndex();
      boolean written = fresh.mark() == synced;
      if (sync) {
        sync();
        written = true;
      }
      if (written && !syncFailed && refusal.isEmpty()) {
        marker.clear();
      }
    } finally {
      persisting.unlock();
    }
  }

  /// Appends what changed in the index to the journal.
  private void persistIndex() {
    try {
      linksFile.persist();
    } catch (IOException e) {
      tally.writeFailed(Cause.of(e), layout.root().resolve("links.journal").toString());
    }
  }

  private void fold() {
    try {
      linksFile.fold(() -> ended);
    } catch (InterruptedIOException _) {
      // closing: the journals say the same
    } catch (IOException e) {
      tally.writeFailed(Cause.of(e), layout.root().resolve("links.json").toString());
    } finally {
      folding.set(false);
    }
  }

  private void sync() throws IOException {
    try {
      disk.sync();
      tally.syncs.increment();
    } catch (IOException e) {
      syncFailed = true;
      markSyncFailed(e);
      throw e;
    }
  }

  /// Where not even that can be written, the marker of this run tells of an unclean stop once the
  /// file system is mounted again.
  private void markSyncFailed(IOException failure) {
    try {
      marker.setSyncFailed();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }
}
