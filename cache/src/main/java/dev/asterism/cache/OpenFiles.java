package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.PageCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Files that were opened last and stay open: one for a digest, however many read it. Thread-safe.
///
/// A file that has to go is closed when its last reader is done.
final class OpenFiles implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(OpenFiles.class.getName());

  private final int max;
  private final Pages pages;
  private final ReentrantLock lock = new ReentrantLock();
  private final LinkedHashMap<Digest, Shared> files = new LinkedHashMap<>(16, 0.75f, true);

  /// What becomes of a file's pages in memory when nobody reads it any more.
  enum Pages {
    KEPT,
    /// The kernel is told that they are not needed.
    GIVEN_BACK
  }

  OpenFiles(int max, Pages pages) {
    this.max = max;
    this.pages = pages;
  }

  /// A file in use. Closing it is saying that one is done with it.
  final class Shared implements AutoCloseable {
    final Stored stored;
    private int users = 1; // guarded by lock
    private boolean kept; // guarded by lock

    private Shared(Stored stored) {
      this.stored = stored;
    }

    @Override
    public void close() {
      boolean last;
      lock.lock();
      try {
        users--;
        last = users == 0 && !kept;
      } finally {
        lock.unlock();
      }
      if (last) {
        end(this);
      }
    }
  }

  /// Returns the open file of a digest, for one more reader.
  Optional<Shared> find(Digest digest, long size) {
    lock.lock();
    try {
      @Nullable Shared found = files.get(digest);
      if (found == null || found.stored.size() != size || !found.stored.channel().isOpen()) {
        return Optional.empty();
      }
      found.users++;
      return Optional.of(found);
    } finally {
      lock.unlock();
    }
  }

  /// Takes a file that was just opened and returns it for its first reader.
  Shared put(Digest digest, Stored opened) {
    Shared file = new Shared(opened);
    if (max > 0) {
      @Nullable Shared goes;
      lock.lock();
      try {
        file.kept = true;
        goes = files.put(digest, file);
        if (files.size() > max) {
          goes = files.pollFirstEntry().getValue(); // then the digest is new, and none went for it
        }
        goes = goes != null && letGo(goes) ? goes : null;
      } finally {
        lock.unlock();
      }
      if (goes != null) {
        end(goes);
      }
    }
    return file;
  }

  /// Lets a digest's file go: it is no more in the store, and holds its blocks while it is open.
  void drop(Digest digest) {
    @Nullable Shared goes;
    boolean unused;
    lock.lock();
    try {
      goes = files.remove(digest);
      unused = goes != null && letGo(goes);
    } finally {
      lock.unlock();
    }
    if (goes != null && unused) {
      end(goes);
    }
  }

  /// Keeps a file no more; returns whether it is to be closed, because nobody reads it.
  private static boolean letGo(Shared file) {
    file.kept = false;
    return file.users == 0;
  }

  private void end(Shared file) {
    try {
      file.stored.close();
      if (pages == Pages.GIVEN_BACK) {
        PageCache.drop(file.stored.path().toString());
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cache file not closed path=" + file.stored.path(), e);
    }
  }

  @Override
  public void close() {
    List<Shared> unused = new ArrayList<>();
    lock.lock();
    try {
      files.values().stream().filter(OpenFiles::letGo).forEach(unused::add);
      files.clear();
    } finally {
      lock.unlock();
    }
    unused.forEach(this::end);
  }
}
