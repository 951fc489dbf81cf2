package dev.asterism.cache;

import dev.asterism.cache.HardlinkManager.Kind;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.linux.Errno;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// One layer's own copies, where nothing is shared: `own/<layer>/ab/<hex>`, and parts of files
/// below `own/<layer>/parts/`.
///
/// The kernel reads the whole files there without asking, so each is on the disk before it gets its
/// name: there is no list of what may be lost. Thread-safe.
final class PlainFiles implements LayerFiles {
  private final Digest layer;
  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Tally tally;
  private final Usage usage;
  private final Assembly assembly;
  private final Regions regions = new Regions();

  PlainFiles(
      Digest layer,
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      Tally tally,
      Usage usage,
      Assembly assembly) {
    this.layer = layer;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.tally = tally;
    this.usage = usage;
    this.assembly = assembly;
  }

  @Override
  public String pathOf(Kind kind, Digest digest) {
    return switch (kind) {
      case FILE -> layout.own(layer, digest);
      case PART -> layout.ownPart(layer, digest);
    };
  }

  /// Tells whether the layer has it. A part that turns out to be a whole file as well gets the name
  /// of one: parts are looked for there too.
  @Override
  public boolean adopt(Kind kind, ChunkKey key, Digest digest, long size) {
    return switch (kind) {
      case PART -> stands(Kind.FILE, digest, size) || stands(Kind.PART, digest, size);
      case FILE ->
          stands(Kind.FILE, digest, size)
              || (stands(Kind.PART, digest, size)
                  && isThere(name(pathOf(Kind.PART, digest), pathOf(Kind.FILE, digest), digest)));
    };
  }

  /// There is no second place that the kernel would look in.
  @Override
  public boolean offer(ChunkKey key, Digest digest, long size) {
    return false;
  }

  private boolean stands(Kind kind, Digest digest, long size) {
    return files.stands(pathOf(kind, digest), digest, size);
  }

  @Override
  public boolean holds(Digest digest, long size) {
    return stands(Kind.FILE, digest, size)
        || stands(Kind.PART, digest, size)
        || regions.find(digest, size).filter(this::stands).isPresent();
  }

  /// Tells whether the file that a region lies in is there.
  private boolean stands(Regions.Region region) {
    return files.size(layout.own(layer, region.file())) >= region.offset() + region.size();
  }

  @Override
  public Optional<Stored> find(Digest digest, long size) {
    for (Kind kind : Kind.values()) {
      if (stands(kind, digest, size)) {
        String path = pathOf(kind, digest);
        try {
          return Optional.of(new Stored(path, disk.open(path), 0, size));
        } catch (IOException e) {
          tally.readFailed(path, e);
        }
      }
    }
    return regions
        .find(digest, size)
        .flatMap(
            region -> regions.open(digest, region, layout.own(layer, region.file()), disk, tally));
  }

  @Override
  public Optional<Stored> open(Digest digest, long size) {
    return find(digest, size);
  }

  @Override
  public void claim(Digest file, List<PartOfFile> parts) {
    parts.forEach(part -> regions.claim(part.digest(), file, part.fileOffset(), part.size()));
  }

  @Override
  public Published add(Kind kind, ChunkKey key, VerifiedChunk chunk) {
    if (chunk.size() == 0) {
      return new Published.Uncached(Cause.EMPTY);
    }
    String wip = layout.unfinished();
    int errno = disk.create(wip, chunk.bytes());
    return errno == 0
        ? publish(chunk.digest(), chunk.size(), wip, pathOf(kind, chunk.digest()))
        : uncached(Cause.of(errno), wip);
  }

  @Override
  public Published complete(int entry, Digest file, long size, List<PartOfFile> parts) {
    Published published =
        adopt(Kind.FILE, ChunkKey.ofFile(entry), file, size)
            ? new Published.Shared(Path.of(layout.own(layer, file)))
            : assemble(file, size, parts);
    if (published instanceof Published.Shared) {
      claim(file, parts);
      parts.forEach(part -> release(entry, part));
    }
    return published;
  }

  private Published assemble(Digest file, long size, List<PartOfFile> parts) {
    String wip = layout.unfinished();
    try {
      Optional<Digest> actual = assembly.write(wip, parts, this::find);
      if (actual.equals(Optional.of(file))) {
        Published published = publish(file, size, wip, layout.own(layer, file));
        if (published instanceof Published.Shared) {
          tally.filesCompleted.increment();
        }
        return published;
      }
      disk.unlink(wip);
      if (actual.isEmpty()) {
        return new Published.Uncached(Cause.MISSING);
      }
      tally.foundDamaged(layout.own(layer, file), "its parts make " + actual.get());
      parts.forEach(part -> removeIfDamaged(part.digest()));
      return new Published.Uncached(Cause.CORRUPT);
    } catch (IOException e) {
      return uncached(Cause.of(e), wip);
    }
  }

  private void removeIfDamaged(Digest digest) {
    for (Kind kind : Kind.values()) {
      files.removeIfDamaged(pathOf(kind, digest), digest);
    }
  }

  @Override
  public void release(int entry, PartOfFile part) {
    String path = pathOf(Kind.PART, part.digest());
    long allocated = files.allocated(path);
    if (allocated > 0 && disk.unlink(path) == 0) {
      usage.ownChanged(-allocated);
    }
  }

  private Published publish(Digest digest, long size, String wip, String path) {
    try (FileChannel file = disk.open(wip)) {
      file.force(true);
    } catch (IOException e) {
      return uncached(Cause.of(e), wip);
    }
    int errno = name(wip, path, digest);
    if (errno == 0) {
      tally.filesAdded.increment();
      tally.bytesAdded.add(size);
      usage.ownChanged(usage.allocated(size));
    }
    return isThere(errno) ? new Published.Shared(Path.of(path)) : uncached(Cause.of(errno), wip);
  }

  private Published uncached(Cause cause, String wip) {
    disk.unlink(wip);
    return new Published.Uncached(tally.writeFailed(cause, wip));
  }

  private static boolean isThere(int errno) {
    return errno == 0 || errno == Errno.EEXIST.number();
  }

  /// Gives a file its name, unless one has it already: then this one goes.
  private int name(String from, String to, Digest digest) {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      int errno = disk.renameNew(from, to);
      if (errno == Errno.ENOENT.number() && files.makeParents(to)) {
        errno = disk.renameNew(from, to);
      }
      if (errno == Errno.EINVAL.number()) {
        errno = disk.rename(from, to); // no such call here; the bytes are the same
      } else if (errno == Errno.EEXIST.number()) {
        disk.unlink(from);
      }
      return errno;
    } finally {
      lock.unlock();
    }
  }
}
