package dev.asterism.estargz;

import java.io.IOException;
import java.io.InputStream;

/// Cuts one file into chunks, first to last. Confined to one thread.
interface Cutter {
  /// Returns how long the next chunk is, which [#content] gives next; 0 at the end.
  ///
  /// @throws java.io.EOFException if the file is shorter than it should be
  int next() throws IOException;

  /// Returns the stream to read the chunk from that [#next] told of.
  InputStream content();

  /// Every so many bytes.
  final class Fixed implements Cutter {
    private final InputStream content;
    private final int chunkSize;
    private long rest;

    Fixed(InputStream content, long size, int chunkSize) {
      this.content = content;
      this.rest = size;
      this.chunkSize = chunkSize;
    }

    @Override
    public int next() {
      int size = (int) Math.min(chunkSize, rest);
      rest -= size;
      return size;
    }

    @Override
    public InputStream content() {
      return content;
    }
  }
}
