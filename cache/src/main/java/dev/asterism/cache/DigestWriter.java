package dev.asterism.cache;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.VerifiedChunk;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Takes the bytes of a digest that the store does not have. They are hashed when they are whole,
/// before any of them is on the disk: a chunk fits in memory, where who reads next finds it.
final class DigestWriter implements CacheWriter {
  /// A chunk that is larger is nobody's: what one is made of is bounded when a TOC is read.
  static final int LARGEST = 256 << 20; // 256 MiB

  private final ChunkDigest expected;
  private final Function<VerifiedChunk, Published> keep;
  private final Consumer<VerifiedChunk> remember;
  private byte @Nullable [] bytes;
  private int size;
  private boolean tooMany;

  DigestWriter(
      ChunkDigest expected,
      Function<VerifiedChunk, Published> keep,
      Consumer<VerifiedChunk> remember) {
    this.expected = expected;
    this.keep = keep;
    this.remember = remember;
    bytes = new byte[(int) Math.min(expected.size(), 1 << 16)];
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
      room = Arrays.copyOf(room, (int) Math.min(expected.size(), 2L * (size + count)));
    }
    more.get(room, size, count);
    size += count;
    bytes = room;
  }

  @Override
  public Published commit() {
    byte @Nullable [] whole = bytes;
    bytes = null;
    if (whole == null || tooMany || size != expected.size()) {
      return new Published.Uncached(Cause.CORRUPT);
    }
    try {
      VerifiedChunk chunk = VerifiedChunk.verify("chunk", expected.digest(), whole);
      remember.accept(chunk);
      return keep.apply(chunk);
    } catch (CorruptContentException _) {
      return new Published.Uncached(Cause.CORRUPT);
    }
  }

  @Override
  public void close() {
    bytes = null;
  }
}
