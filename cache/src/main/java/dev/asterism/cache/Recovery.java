package dev.asterism.cache;

import dev.asterism.cache.index.LinksFile;
import dev.asterism.cache.index.LinksIndex;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// What is put right behind an open, while the store is in use already: the index is read and
/// compared with the disk, what an unclean stop left in doubt is hashed, and what the other mode
/// kept goes. Each is done once; what fails is logged and left for the next open. Thread-safe.
final class Recovery {
  private static final System.Logger LOG = System.getLogger(Recovery.class.getName());

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final CacheRoot root;
  private final DigestFiles files;
  private final HardlinkManager links;
  private final Doubtful doubtful;
  private final Cleanup cleanup;
  private final LinksFile linksFile;
  private final LinksIndex index;
  private final Consumer<Digest> healer;
  private final boolean mayHaveStaleLinks;
  private final BooleanSupplier isClosed;
  private final CountDownLatch indexed = new CountDownLatch(1);
  private final CountDownLatch settled = new CountDownLatch(1);

  /// @param healer told of what was damaged and is gone
  /// @param mayHaveStaleLinks whether layers may hold links to what the last run's end took away
  /// @param isClosed ends all of it early
  Recovery(
      CacheLayout layout,
      CacheDisk disk,
      CacheRoot root,
      DigestFiles files,
      HardlinkManager links,
      Doubtful doubtful,
      Cleanup cleanup,
      LinksFile linksFile,
      LinksIndex index,
      Consumer<Digest> healer,
      boolean mayHaveStaleLinks,
      BooleanSupplier isClosed) {
    this.layout = layout;
    this.disk = disk;
    this.root = root;
    this.files = files;
    this.links = links;
    this.doubtful = doubtful;
    this.cleanup = cleanup;
    this.linksFile = linksFile;
    this.index = index;
    this.healer = healer;
    this.mayHaveStaleLinks = mayHaveStaleLinks;
    this.isClosed = isClosed;
  }

  /// Begins, and returns at once.
  ///
  /// @param mode in which the store is open
  /// @param by has a thread for each of the three, or they wait for one another
  void begin(CacheMode mode, Executor by) {
    by.execute(() -> removeOther(mode));
    by.execute(this::settle);
    by.execute(this::restoreIndex);
  }

  /// Tells whether the index is complete.
  boolean isIndexed() {
    return indexed.getCount() == 0;
  }

  /// Returns what compares all of the index with the disk; empty while it is not complete.
  Optional<Reconciliation> mappings() {
    return isIndexed()
        ? Optional.of(new Reconciliation(layout, disk, index, files, true, healer, isClosed))
        : Optional.empty();
  }

  /// Waits until the index has been restored and compared with the disk.
  void awaitIndex() throws InterruptedException {
    indexed.await();
  }

  /// Waits until everything that an unclean stop left in doubt has been hashed.
  void awaitSettled() throws InterruptedException {
    settled.await();
  }

  private void removeOther(CacheMode mode) {
    try {
      root.removeOther(mode);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache of the other mode not removed", e);
    }
  }

  /// Takes what the links file says, then looks at the disk: not before what is in doubt stands
  /// there again, or it would be forgotten with its keys.
  private void restoreIndex() {
    try {
      Set<Digest> present = Set.copyOf(root.layers());
      linksFile.restore(present::contains, isClosed);
      settled.await();
      new Reconciliation(layout, disk, index, files, false, healer, isClosed)
          .run(StoreProgress.NONE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // ended before its time, as by a close
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "cache links not checked root=" + layout.root(), e);
    } finally {
      indexed.countDown();
    }
  }

  /// Hashes what is doubtful. The layers' links to what was wrong go at the end: they keep nothing
  /// but its blocks.
  private void settle() {
    List<Digest> pending = doubtful.pending();
    try {
      for (Digest digest : pending) {
        if (isClosed.getAsBoolean()) {
          return;
        }
        links.restoreIfDoubtful(digest);
      }
      if (mayHaveStaleLinks || !pending.isEmpty()) {
        cleanup.staleLinks();
      }
    } catch (InterruptedIOException _) {
      // closing: a cleanup takes the links that are left
    } catch (IOException | RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "cache not settled root=" + layout.root(), e);
    } finally {
      settled.countDown();
    }
  }
}
