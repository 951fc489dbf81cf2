package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// Removes what nobody needs, while readers and writers work: layers that are gone, links that
/// stand under no digest, files that no layer has needed for long, mappings of what stands no more,
/// empty directories, leftovers in `wip`.
///
/// One at a time: the caller sees to it.
final class Cleanup {
  /// Nothing takes this long to write.
  private static final Duration UNFINISHED = Duration.ofHours(6);

  private static final int STEP = 1024; // files between two reports of progress

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final CacheRoot root;
  private final Evictor evictor;
  private final StaleLinks stale;
  private final Ledger ledger;
  private final InstantSource clock;
  private final StoreWalk walk;

  /// @param stopped ends a cleanup early
  Cleanup(
      CacheLayout layout,
      CacheDisk disk,
      CacheRoot root,
      Evictor evictor,
      StaleLinks stale,
      Ledger ledger,
      InstantSource clock,
      BooleanSupplier stopped) {
    this.layout = layout;
    this.disk = disk;
    this.root = root;
    this.evictor = evictor;
    this.stale = stale;
    this.ledger = ledger;
    this.clock = clock;
    this.walk = new StoreWalk(layout, stopped);
  }

  /// Cleans.
  ///
  /// @param isKept tells of a layer whether its links stay
  /// @param isOpen tells of a layer whether links may be made now
  /// @param mappings compares the index with the disk; empty while the index is not complete
  /// @throws java.io.InterruptedIOException if it was stopped; what was removed is gone
  /// @throws IOException if the disk cannot be read; the same
  CleanReport clean(
      CleanOptions options,
      Predicate<Digest> isKept,
      Predicate<Digest> isOpen,
      Optional<Reconciliation> mappings,
      StoreProgress progress)
      throws IOException {
    boolean dry = options.dryRun();
    long unfinished = unfinished(dry);
    List<Digest> gone = layersGone(isKept, dry);
    long links = staleLinks(Set.copyOf(gone), dry, progress);
    long[] removed = unused(options, progress);
    long lost = mappings.isPresent() && !dry ? mappings.get().run(progress) : 0;
    long directories = emptyDirectories(isOpen, dry);
    return new CleanReport(removed[0], removed[1], links, directories, unfinished, lost, gone);
  }

  private long unfinished(boolean dry) throws IOException {
    long count = 0;
    Instant before = clock.instant().minus(UNFINISHED);
    for (StoreWalk.Entry entry : StoreWalk.list(layout.wip().toString())) {
      Path path = layout.wip().resolve(entry.name());
      if (isOlder(path, before)) {
        count++;
        if (!dry) {
          CacheRoot.removeTree(path);
        }
      }
    }
    return count;
  }

  private static boolean isOlder(Path path, Instant before) throws IOException {
    try {
      return Files.getLastModifiedTime(path).toInstant().isBefore(before);
    } catch (NoSuchFileException _) {
      return false; // finished meanwhile
    }
  }

  private List<Digest> layersGone(Predicate<Digest> isKept, boolean dry) throws IOException {
    List<Digest> gone = new ArrayList<>();
    for (Digest layer : root.layers()) {
      if (!isKept.test(layer)) {
        gone.add(layer);
        if (!dry) {
          root.removeLayer(layer, ledger::layerRemoved);
        }
      }
    }
    return gone;
  }

  /// Removes or replaces the links of layers that stand under no digest.
  void staleLinks() throws IOException {
    staleLinks(Set.of(), false, StoreProgress.NONE);
  }

  private long staleLinks(Set<Digest> gone, boolean dry, StoreProgress progress)
      throws IOException {
    Survey known = StaleLinks.underDigests(walk);
    long[] count = {0};
    List<Digest> layers = walk.layers();
    for (int i = 0; i < layers.size(); i++) {
      progress.at("links of layers", i, layers.size());
      Digest layer = layers.get(i);
      if (gone.contains(layer)) {
        continue;
      }
      walk.layer(
          layer,
          (key, path, inode) -> {
            if (known.find(inode) == Survey.NONE
                && (dry ? !stale.isInUse(layer, key) : stale.settle(layer, key, path, inode))) {
              count[0]++;
            }
          });
    }
    return count[0];
  }

  /// Returns how many files went, and their bytes.
  private long[] unused(CleanOptions options, StoreProgress progress) throws IOException {
    long before = clock.instant().minus(options.unusedFor()).getEpochSecond();
    long[] removed = {0, 0};
    long[] seen = {0};
    long total = walk.count();
    for (StoreWalk.Place place : List.of(StoreWalk.Place.OBJECT, StoreWalk.Place.CHUNK)) {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        walk.digests(
            place,
            directory,
            (digest, path, _) -> {
              if (seen[0]++ % STEP == 0) {
                progress.at("unused files", seen[0], total);
              }
              long bytes = unused(digest, path, before, options.dryRun());
              removed[0] += bytes > 0 ? 1 : 0;
              removed[1] += bytes;
            });
      }
    }
    return removed;
  }

  private long unused(Digest digest, String path, long before, boolean dry) throws IOException {
    Optional<FileStatus> file = disk.status(path);
    if (file.isEmpty() || file.get().changed() > before || file.get().links() > 3) {
      return 0; // three names it may have in the store
    }
    return dry
        ? evictor.findUnreferenced(digest, before + 1)
        : evictor.removeUnreferenced(digest, before + 1);
  }

  /// The directory's time says when the layer was last active, so it is put back.
  private long emptyDirectories(Predicate<Digest> isOpen, boolean dry) throws IOException {
    long count = 0;
    for (Digest layer : walk.layers()) {
      Path directory = Path.of(layout.layer(layer));
      if (isOpen.test(layer)) {
        continue;
      }
      FileTime active = Files.getLastModifiedTime(directory);
      List<StoreWalk.Entry> fans = StoreWalk.list(directory.toString());
      int left = fans.size();
      for (StoreWalk.Entry fan : fans) {
        Path path = directory.resolve(fan.name());
        if (CacheLayout.FAN_OUT.contains(fan.name())
            && StoreWalk.list(path.toString()).isEmpty()
            && (dry || removeEmpty(path))) {
          count++;
          left--;
        }
      }
      if (left == 0 && (dry || removeEmpty(directory))) {
        count++;
      } else if (!dry && left < fans.size()) {
        Files.setLastModifiedTime(directory, active);
      }
    }
    return count;
  }

  private static boolean removeEmpty(Path directory) throws IOException {
    try {
      Files.delete(directory);
      return true;
    } catch (DirectoryNotEmptyException | NoSuchFileException _) {
      return false; // somebody came, or was first
    }
  }
}
