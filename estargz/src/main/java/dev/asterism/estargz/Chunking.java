package dev.asterism.estargz;

import java.io.InputStream;

/// Where files that are larger than the chunk size are cut.
public enum Chunking {
  /// Every so many bytes: what all tools do. Bytes that are inserted change every chunk behind
  /// them.
  FIXED {
    @Override
    int maxSize(int chunkSize) {
      return chunkSize;
    }

    @Override
    Cutter open(InputStream content, long size, int chunkSize) {
      return new Cutter.Fixed(content, size, chunkSize);
    }
  },

  /// Where the content says so: chunks of a quarter to twice the chunk size, mostly near it. Bytes
  /// that are inserted change the chunks around them.
  CONTENT {
    @Override
    int maxSize(int chunkSize) {
      return Math.multiplyExact(chunkSize, 2);
    }

    @Override
    Cutter open(InputStream content, long size, int chunkSize) {
      return size <= chunkSize
          ? new Cutter.Fixed(content, size, chunkSize)
          : new ContentCutter(content, size, chunkSize);
    }
  };

  /// Returns how long a chunk can be.
  abstract int maxSize(int chunkSize);

  /// Begins to cut a file.
  ///
  /// @param content of the file; stays the caller's
  /// @param size bytes of the file, at least 1
  abstract Cutter open(InputStream content, long size, int chunkSize);
}
