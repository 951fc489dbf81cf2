package dev.asterism.cache;

import dev.asterism.linux.Errno;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;

/// Takes the bytes of a chunk that has no digest: a file of its key alone.
final class PlainWriter implements CacheWriter {
  private final CacheDisk disk;
  private final DigestFiles files;
  private final Tally tally;
  private final String wip;
  private final String name;
  private final Runnable kept;
  private final Optional<FileChannel> file;
  private Optional<Cause> failure = Optional.empty();
  private boolean ended;

  /// @param wip a new name in `wip`
  /// @param name the key's
  /// @param kept run when it stands there
  PlainWriter(
      CacheDisk disk, DigestFiles files, Tally tally, String wip, String name, Runnable kept) {
    this.disk = disk;
    this.files = files;
    this.tally = tally;
    this.wip = wip;
    this.name = name;
    this.kept = kept;
    file = create();
  }

  private Optional<FileChannel> create() {
    try {
      return Optional.of(disk.createOpen(wip));
    } catch (IOException e) {
      fail(e);
      return Optional.empty();
    }
  }

  private void fail(IOException e) {
    failure = Optional.of(tally.writeFailed(Cause.of(e), wip));
  }

  @Override
  public void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining() && failure.isEmpty() && file.isPresent()) {
        file.get().write(bytes);
      }
    } catch (IOException e) {
      fail(e);
    }
    bytes.position(bytes.limit());
  }

  @Override
  public Published commit() {
    closeFile();
    ended = true;
    int errno = failure.isPresent() ? 0 : disk.seal(wip);
    if (failure.isEmpty() && errno == 0) {
      errno = disk.rename(wip, name);
      if (errno == Errno.ENOENT.number() && files.makeParent(name)) {
        errno = disk.rename(wip, name);
      }
    }
    if (errno != 0) {
      failure = Optional.of(tally.writeFailed(Cause.of(errno), name));
    }
    if (failure.isPresent()) {
      disk.unlink(wip);
      return new Published.Uncached(failure.get());
    }
    kept.run();
    return new Published.Unshared(Path.of(name), Cause.NO_DIGEST);
  }

  private void closeFile() {
    if (file.isPresent()) {
      try {
        file.get().close();
      } catch (IOException e) {
        fail(e);
      }
    }
  }

  @Override
  public void close() {
    if (!ended) {
      closeFile();
      disk.unlink(wip);
      ended = true;
    }
  }
}
