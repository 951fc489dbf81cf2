package dev.asterism.fuse;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Listings of directories that somebody is in the middle of reading.
///
/// The kernel asks for a directory piece by piece and, since OPENDIR is switched off, names nothing
/// but the node and where to go on. Losing a listing costs only making it again: the order is the
/// same each time. Thread-safe.
final class Listings {
  private static final int MAX = 64;

  @GuardedBy("this")
  private final Map<Long, List<DirectoryEntry>> started =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, List<DirectoryEntry>> eldest) {
          return size() > MAX;
        }
      };

  synchronized Optional<List<DirectoryEntry>> find(long node) {
    return Optional.ofNullable(started.get(node));
  }

  synchronized void keep(long node, List<DirectoryEntry> listing) {
    started.put(node, listing);
  }

  synchronized void drop(long node) {
    started.remove(node);
  }
}
