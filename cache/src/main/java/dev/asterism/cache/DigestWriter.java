package dev.asterism.cache;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.VerifiedChunk;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Takes the bytes of a digest that the store does not have. They are hashed when they are whole,
/// before any of them is on the disk: a chunk fits in memory, where who reads next finds it.
final class DigestWriter implements CacheWriter {
  /// A chunk that is larger is nobody's: what one is made of is bounded when a TOC is read.
  static final int LARGEST = 256 << 20; // 256 MiB

  private static final long ROOM = 64 << 10; // 64 KiB, at first

  private final ChunkDigest expected;
  private final Function<VerifiedChunk, Published> keep;
  private byte @Nullable [] bytes;
  private Optional<VerifiedChunk> verified = Optional.empty();
  private int size;
  private boolean tooMany;

  /// @param keep takes what turned out to be right
  DigestWriter(ChunkDigest expected, Function<VerifiedChunk, Published> keep) {
    this.expected = expected;
    this.keep = keep;
    bytes = new byte[0];
  }

  @Override
  public void write(ByteBuffer more) {
    int count = more.remaining();
    byte @Nullable [] before = bytes;
    if (before == null || tooMany || count > expected.size() - size) {
      tooMany = true;
      more.position(more.limit());
      return;
    }
    byte[] room = before;
    if (size + count > room.length) {
      room =
          Arrays.copyOf(room, (int) Math.min(expected.size(), Math.max(ROOM, 2L * (size + count))));
    }
    more.get(room, size, count);
    size += count;
    bytes = room;
  }

  @Override
  public void write(VerifiedChunk whole) {
    verified = Optional.of(whole);
  }

  @Override
  public Published commit() {
    return verified
        .or(this::verify)
        .filter(chunk -> chunk.digest().equals(expected.digest()))
        .map(keep)
        .orElse(new Published.Uncached(Cause.CORRUPT));
  }

  private Optional<VerifiedChunk> verify() {
    byte @Nullable [] whole = bytes;
    bytes = null;
    if (whole == null || tooMany || size != expected.size()) {
      return Optional.empty();
    }
    try {
      return Optional.of(VerifiedChunk.verify("chunk", expected.digest(), whole));
    } catch (CorruptContentException _) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    bytes = null;
    verified = Optional.empty();
  }
}
