package dev.asterism.cache;

import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// The end of a file of several chunks: its parts become one object, and go. Thread-safe.
///
/// The regions are proven before the first part goes, so whoever looks for a part finds the one or
/// the other.
final class Completion {
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final Tally tally;
  private final FreshLinks fresh;
  private final DigestFiles files;
  private final Regions regions;
  private final Assembly assembly;
  private final HardlinkManager links;
  private final Usage usage;
  private final Ledger ledger;

  Completion(
      CacheLayout layout,
      CacheDisk disk,
      Tally tally,
      FreshLinks fresh,
      DigestFiles files,
      Regions regions,
      Assembly assembly,
      HardlinkManager links,
      Usage usage,
      Ledger ledger) {
    this.usage = usage;
    this.ledger = ledger;
    this.layout = layout;
    this.disk = disk;
    this.tally = tally;
    this.fresh = fresh;
    this.files = files;
    this.regions = regions;
    this.assembly = assembly;
    this.links = links;
  }

  /// Makes one object of a file whose parts are in the store, and lets go of those.
  Published complete(Digest layer, int entry, Digest file, long size, List<PartOfFile> parts) {
    ChunkKey key = ChunkKey.ofFile(entry);
    Optional<Path> there = links.adopt(HardlinkManager.Kind.FILE, layer, key, file, size);
    Published published;
    if (there.isPresent()) {
      published = new Published.Shared(there.get());
      links.claim(file, parts);
    } else {
      published = assemble(layer, key, file, size, parts);
    }
    if (published instanceof Published.Shared) {
      parts.forEach(part -> release(layer, entry, part));
    }
    return published;
  }

  private Published assemble(
      Digest layer, ChunkKey key, Digest file, long size, List<PartOfFile> parts) {
    String wip = layout.unfinished();
    try {
      Optional<Digest> actual = assembly.write(wip, parts, links::find);
      if (actual.isPresent() && actual.get().equals(file)) {
        return publishAssembled(layer, key, file, size, wip, parts);
      }
      disk.unlink(wip);
      if (actual.isEmpty()) {
        return new Published.Uncached(Cause.MISSING);
      }
      tally.foundDamaged(layout.object(file), "its parts make " + actual.get());
      parts.forEach(this::removeIfDamaged);
      return new Published.Uncached(Cause.CORRUPT);
    } catch (IOException e) {
      disk.unlink(wip);
      return new Published.Uncached(tally.writeFailed(Cause.of(e), wip));
    }
  }

  /// The parts came from the store under their digests, and together they hash to the file's: so
  /// the object holds each of them.
  private Published publishAssembled(
      Digest layer, ChunkKey key, Digest file, long size, String wip, List<PartOfFile> parts) {
    Published published = links.publish(HardlinkManager.Kind.FILE, file, size, wip, layer, key);
    if (published instanceof Published.Shared) {
      tally.filesCompleted.increment();
      for (PartOfFile part : parts) {
        regions.prove(part.digest(), file, part.fileOffset(), part.size());
      }
    }
    return published;
  }

  /// Lets go of a part whose bytes are in an object now: the layer's link to it, and the chunk if
  /// no other layer has one. Who reads it next finds the region.
  void release(Digest layer, int entry, PartOfFile part) {
    String path = layout.part(part.digest());
    String freshPath = layout.fresh(part.digest());
    ReentrantLock lock = files.lockOf(part.digest());
    lock.lock();
    usage.begin(part.digest());
    long freed = 0;
    try {
      if (part.fileOffset() > 0) { // the first part's key is the file's by now
        ChunkKey key = new ChunkKey(entry, part.fileOffset());
        disk.unlink(layout.key(layer, key));
        ledger.unlinked(layer, key);
      }
      Optional<FileStatus> chunk = disk.status(path);
      if (chunk.isEmpty()) {
        return;
      }
      boolean isFresh = disk.status(freshPath).filter(chunk.get()::isSameFile).isPresent();
      if (chunk.get().links() <= (isFresh ? 2 : 1)) {
        freed = disk.unlink(path) == 0 ? chunk.get().allocated() : 0;
        ledger.removed(Place.CHUNK, part.digest());
        if (isFresh) {
          disk.unlink(freshPath);
          fresh.remove(part.digest());
        }
      }
    } catch (IOException e) {
      tally.readFailed(path, e);
    } finally {
      usage.end(part.digest(), -freed);
      lock.unlock();
    }
  }

  /// Finds out which part made a file come out wrong.
  private void removeIfDamaged(PartOfFile part) {
    Digest digest = part.digest();
    files.removeIfDamaged(layout.object(digest), digest);
    files.removeIfDamaged(layout.part(digest), digest);
    Optional<Regions.Region> region = regions.find(digest, part.size());
    if (region.isPresent()) {
      regions.remove(digest, region.get());
      files.removeIfDamaged(layout.object(region.get().file()), region.get().file());
    }
  }
}
