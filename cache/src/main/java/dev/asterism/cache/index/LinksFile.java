package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/// An index on the disk: `links.json`, and `links.journal`, what changed since.
///
/// [#persist] appends what changed. When the journal has outgrown the file, [#fold] puts it aside
/// as `links.journal.<number>`, writes the file anew, and removes what was put aside; a process
/// that dies anywhere in between leaves files that say the same when they are read in their order.
/// Every process starts a journal of its own, so nothing is appended to a torn line.
///
/// Nothing here is needed: whatever cannot be read or written costs statistics. Thread-safe; all
/// but [#status] block while the disk works.
public final class LinksFile implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(LinksFile.class.getName());

  private static final String JSON = "links.json";
  private static final String JOURNAL = "links.journal";
  private static final long SMALL = 4 << 20; // bytes of a journal that is not worth folding
  private static final int MOST_JOURNALS = 16;

  private final Path root;
  private final LinksDisk disk;
  private final LinksIndex index;

  /// Held over I/O; who adds or reads does not wait for it.
  private final ReentrantLock writing = new ReentrantLock();

  private final ReentrantLock folding = new ReentrantLock();

  private @Nullable JournalWriter journal; // guarded by writing
  private long nextNumber = 1; // guarded by writing
  private boolean restored; // guarded by writing: the index has all that the files say
  private boolean incomplete; // guarded by writing: changes were lost to the journal
  private volatile LinksFileStatus status = new LinksFileStatus(PersistTimes.NONE, 0, 0, 0, 0);

  /// @param root the cache's directory
  public LinksFile(Path root, LinksDisk disk, LinksIndex index) {
    this.root = root;
    this.disk = disk;
    this.index = index;
  }

  /// Puts the last process's journal aside; its changes are read later. Touches no content.
  public void open() throws IOException {
    writing.lock();
    try {
      disk.unlink(path(JSON + ".new"));
      putAside();
      long size = Files.exists(root.resolve(JSON)) ? Files.size(root.resolve(JSON)) : 0;
      status = new LinksFileStatus(PersistTimes.NONE, 0, size, 0, 0);
    } finally {
      writing.unlock();
    }
  }

  /// Takes what the files say into the index, but for what the disk has shown meanwhile. Says in
  /// one line of the log what it found.
  ///
  /// @param layerExists tells whether a layer has a directory
  /// @param stopped tells whether to stop before the end
  /// @return whether the files were whole; else what stands on the disk is to be looked through
  public boolean restore(Predicate<Digest> layerExists, BooleanSupplier stopped) {
    Restoration restoration = new Restoration(root, disk, index, layerExists, stopped);
    boolean whole = restoration.run(journals());
    writing.lock();
    try {
      restored = !restoration.isStopped();
      incomplete |= restoration.isOutdated();
    } finally {
      writing.unlock();
    }
    return whole;
  }

  /// Appends what changed to the journal, if anything did. It reaches the disk with the next sync.
  ///
  /// @throws IOException if it cannot be written: then the next fold writes everything
  public void persist() throws IOException {
    writing.lock();
    try {
      if (!index.isChanged()) {
        return;
      }
      long start = System.nanoTime();
      JournalWriter to = journal == null ? createJournal() : journal;
      journal = to;
      long before = to.size();
      incomplete |= !index.tell(to);
      to.flush();
      if (to.size() > before) {
        written(System.nanoTime() - start, to.size());
      }
    } catch (IOException e) {
      incomplete = true;
      failed();
      closeJournal();
      throw e;
    } finally {
      writing.unlock();
    }
  }

  /// Begins a journal. While no fold succeeds, as on a full disk, one is begun at each attempt:
  /// beyond some number the last one goes, for the next fold that succeeds writes everything.
  private JournalWriter createJournal() throws IOException {
    if (journals().size() < MOST_JOURNALS) {
      putAside();
    } else if (disk.unlink(path(JOURNAL)) == 0) {
      incomplete = true;
    }
    return new JournalWriter(disk.createOpen(path(JOURNAL)), index.layers());
  }

  private void written(long nanos, long size) {
    LinksFileStatus s = status;
    status =
        new LinksFileStatus(s.persists().and(nanos), size, s.fileBytes(), s.folds(), s.failures());
  }

  private void failed() {
    LinksFileStatus s = status;
    status =
        new LinksFileStatus(
            s.persists(), s.journalBytes(), s.fileBytes(), s.folds(), s.failures() + 1);
  }

  /// Tells whether the journal has outgrown the file, or does not hold every change.
  public boolean wantsFold() {
    writing.lock();
    try {
      return restored
          && (incomplete
              || status.journalBytes() > Math.max(SMALL, status.fileBytes() / 2)
              || journals().size() >= MOST_JOURNALS / 2);
    } finally {
      writing.unlock();
    }
  }

  /// Writes `links.json` anew; changes go to a new journal meanwhile. Readers and writers of the
  /// index wait for no more than a few records at a time.
  ///
  /// @throws IOException if it cannot be written: then everything stays as it is
  public void fold() throws IOException {
    fold(() -> false);
  }

  /// As the other.
  ///
  /// @param stopped ends it early, as if it could not be written
  public void fold(BooleanSupplier stopped) throws IOException {
    folding.lock();
    try {
      List<Path> folded;
      writing.lock();
      try {
        if (!restored) {
          return; // what the files say would be lost
        }
        closeJournal();
        if (journals().size() < MOST_JOURNALS) {
          putAside();
        }
        folded = journals();
        incomplete = false;
      } finally {
        writing.unlock();
      }
      long size = writeJson(stopped);
      folded.forEach(old -> disk.unlink(old.toString()));
      folded(size);
    } catch (IOException e) {
      keepTrying();
      throw e;
    } finally {
      folding.unlock();
    }
  }

  private long writeJson(BooleanSupplier stopped) throws IOException {
    String wip = path(JSON + ".new");
    disk.unlink(wip);
    long size;
    try (FileChannel file = disk.createOpen(wip)) {
      size = LinksJson.write(index, file, stopped);
      file.force(true);
    }
    int errno = disk.rename(wip, path(JSON));
    if (errno != 0) {
      throw new IOException("rename(%s, %s): errno %d".formatted(wip, path(JSON), errno));
    }
    return size;
  }

  private void folded(long size) {
    writing.lock();
    try {
      LinksFileStatus s = status;
      status =
          new LinksFileStatus(
              s.persists(),
              journal == null ? 0 : journal.size(),
              size,
              s.folds() + 1,
              s.failures());
    } finally {
      writing.unlock();
    }
  }

  private void keepTrying() {
    writing.lock();
    try {
      incomplete = true;
      failed();
    } finally {
      writing.unlock();
    }
  }

  private void putAside() throws IOException {
    if (Files.exists(root.resolve(JOURNAL))) {
      long last = journals().stream().mapToLong(LinksFile::number).max().orElse(0);
      nextNumber = Math.max(nextNumber, last + 1);
      int errno = disk.rename(path(JOURNAL), path(JOURNAL + "." + nextNumber));
      if (errno != 0) {
        throw new IOException("rename(%s): errno %d".formatted(path(JOURNAL), errno));
      }
      nextNumber++;
    }
  }

  /// Returns the journals that were put aside, in the order they were written.
  private List<Path> journals() {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(root, JOURNAL + ".*")) {
      return StreamSupport.stream(files.spliterator(), false)
          .filter(path -> number(path) > 0)
          .sorted((a, b) -> Long.compare(number(a), number(b)))
          .toList();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache journals not listed root=" + root, e);
      return List.of();
    }
  }

  private static long number(Path journal) {
    String suffix = journal.getFileName().toString().substring(JOURNAL.length() + 1);
    return suffix.matches("[1-9][0-9]{0,15}") ? Long.parseLong(suffix) : 0;
  }

  private String path(String name) {
    return root.resolve(name).toString();
  }

  /// Returns what this has cost.
  public LinksFileStatus status() {
    return status;
  }

  private void closeJournal() {
    if (journal != null) {
      try {
        journal.close();
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "cache journal not closed", e);
      }
      journal = null;
    }
  }

  /// Lets go of the journal; [#persist] comes before.
  @Override
  public void close() {
    writing.lock();
    try {
      closeJournal();
    } finally {
      writing.unlock();
    }
  }
}
