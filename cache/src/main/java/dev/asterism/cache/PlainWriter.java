package dev.asterism.cache;

import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/// Takes the bytes of a chunk that has no digest: a file of its key alone.
final class PlainWriter implements CacheWriter {
  private final CacheDisk disk;
  private final Tally tally;
  private final String wip;
  private final Naming naming;
  private final Optional<FileChannel> file;
  private Optional<Cause> failure = Optional.empty();
  private long size;

  /// Gives a finished file its name, or leaves it where it is.
  interface Naming {
    Published name(String wip, long size);
  }

  /// @param wip a new name in `wip`
  PlainWriter(CacheDisk disk, Tally tally, String wip, Naming naming) {
    this.disk = disk;
    this.tally = tally;
    this.wip = wip;
    this.naming = naming;
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
    size += bytes.remaining();
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
  public void write(VerifiedChunk whole) {
    write(ByteBuffer.wrap(whole.bytes()));
  }

  @Override
  public Published commit() {
    closeFile();
    return failure.isPresent() ? new Published.Uncached(failure.get()) : naming.name(wip, size);
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

  /// What did not get a name has it no more.
  @Override
  public void close() {
    closeFile();
    disk.unlink(wip);
  }
}
