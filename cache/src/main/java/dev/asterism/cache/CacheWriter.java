package dev.asterism.cache;

import java.io.IOException;
import java.nio.ByteBuffer;

/// Takes a chunk's bytes on their way into the cache. Confined to one thread.
///
/// What is not committed leaves nothing. Trouble with the disk is no exception: see [Published].
public sealed interface CacheWriter extends AutoCloseable
    permits DiscardingWriter, DigestWriter, PlainWriter {
  /// Takes the next bytes.
  void write(ByteBuffer bytes) throws IOException;

  /// Ends the chunk and keeps it; only once.
  Published commit();

  /// Lets go of what was not committed.
  @Override
  void close();
}
