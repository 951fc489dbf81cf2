package dev.asterism.cache;

import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.ByteBuffer;

/// Takes a chunk's bytes on their way into the cache. Confined to one thread.
///
/// What is not committed leaves nothing. Trouble with the disk is no exception: see [Published].
public sealed interface CacheWriter extends AutoCloseable
    permits DiscardingWriter, DigestWriter, PlainWriter {
  /// Takes the next bytes.
  void write(ByteBuffer bytes) throws IOException;

  /// Takes all bytes at once, instead: they have been hashed, and are neither hashed again nor
  /// copied. Nobody writes to them any more.
  void write(VerifiedChunk whole);

  /// Ends the chunk and keeps it; only once.
  Published commit();

  /// Lets go of what was not committed.
  @Override
  void close();
}
