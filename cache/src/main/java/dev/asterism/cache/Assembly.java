package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/// Puts a file together from its chunks in the store.
///
/// Where the file system shares blocks the chunks are cloned, else copied once. Each chunk is read
/// either way: the file is hashed over what its parts hold. Thread-safe.
final class Assembly {
  /// Ranges that start at other offsets are not worth asking the kernel to clone.
  private static final int BLOCK = 4096;

  private final CacheDisk disk;
  private final Tally tally;
  private final boolean cloning;

  /// @param cloning whether the file system is known to share blocks
  Assembly(CacheDisk disk, Tally tally, boolean cloning) {
    this.disk = disk;
    this.tally = tally;
    this.cloning = cloning;
  }

  /// Where the chunks come from.
  interface Parts {
    Optional<Stored> find(Digest digest, long size) throws IOException;
  }

  /// Writes the file to `path`, which is new, and seals it.
  ///
  /// @param parts in file order, without gaps
  /// @return what the file hashes to; empty if the store has not every part
  /// @throws IOException if the disk fails; a part of the file may stand there
  Optional<Digest> write(String path, List<PartOfFile> parts, Parts store) throws IOException {
    return write(path, parts, store, _ -> {});
  }

  /// Writes the file as [#write(String, List, Parts)] does, and waits until its bytes are on the
  /// disk.
  Optional<Digest> writeDurably(String path, List<PartOfFile> parts, Parts store)
      throws IOException {
    return write(path, parts, store, file -> file.force(false));
  }

  /// What is done when all is written.
  private interface End {
    void of(FileChannel file) throws IOException;
  }

  private Optional<Digest> write(String path, List<PartOfFile> parts, Parts store, End end)
      throws IOException {
    MessageDigest hasher = Digest.hasher();
    try (FileChannel out = disk.createOpen(path)) {
      for (PartOfFile part : parts) {
        Optional<Stored> stored = store.find(part.digest(), part.size());
        if (stored.isEmpty()) {
          return Optional.empty();
        }
        try (Stored in = stored.get()) {
          append(in, part, path, out, hasher);
        }
      }
      end.of(out);
    }
    int errno = disk.seal(path);
    if (errno != 0) {
      throw new IOException("chmod(%s): errno %d".formatted(path, errno));
    }
    return Optional.of(Digest.finish(hasher));
  }

  private void append(
      Stored in, PartOfFile part, String path, FileChannel out, MessageDigest hasher)
      throws IOException {
    boolean cloned = cloned(in, part, path);
    Hashes.read(
        in.channel(),
        in.offset(),
        in.size(),
        (slice, position) -> {
          hasher.update(slice.duplicate());
          long at = part.fileOffset() + position;
          while (!cloned && slice.hasRemaining()) {
            at += out.write(slice, at);
          }
        });
  }

  private boolean cloned(Stored in, PartOfFile part, String path) {
    if (!cloning || in.offset() % BLOCK != 0 || part.fileOffset() % BLOCK != 0) {
      return false;
    }
    int errno =
        disk.cloneRange(in.path().toString(), in.offset(), in.size(), path, part.fileOffset());
    if (errno == 0) {
      tally.bytesCloned.add(in.size());
    }
    return errno == 0;
  }
}
