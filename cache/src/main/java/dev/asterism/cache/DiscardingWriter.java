package dev.asterism.cache;

import dev.asterism.content.VerifiedChunk;
import java.nio.ByteBuffer;

/// Lets bytes go by that nobody needs: their digest is known and has been linked, or cannot be
/// kept.
final class DiscardingWriter implements CacheWriter {
  private final Published published;

  DiscardingWriter(Published published) {
    this.published = published;
  }

  @Override
  public void write(ByteBuffer bytes) {
    bytes.position(bytes.limit());
  }

  @Override
  public void write(VerifiedChunk whole) {}

  @Override
  public Published commit() {
    return published;
  }

  @Override
  public void close() {}
}
