package dev.asterism.content;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/// Bytes that can be read from any offset: a layer's blob in a registry, or a file.
///
/// Thread-safe. A read blocks its thread until the source answers or gives up. Nothing is verified
/// here: that is the business of whoever knows what the bytes should be.
public interface Blob {
  /// Returns the number of bytes.
  long size();

  /// Opens the bytes of `range`.
  ///
  /// The stream gives exactly `range.length()` bytes and then ends. A source that ends earlier, or
  /// answers something else, is an `IOException` of the stream, never a short end. The caller
  /// closes it; closing early gives the connection up or back.
  ///
  /// @throws IllegalArgumentException if `range` reaches beyond [#size()]
  /// @throws IOException if the source cannot be read
  InputStream open(ByteRange range) throws IOException;

  /// As the other.
  ///
  /// @param again is told whenever the source has failed and the rest is asked for again; on any
  ///   thread that reads, and has to be quick
  default InputStream open(ByteRange range, Runnable again) throws IOException {
    return open(range);
  }

  /// Notes that what was read of `range` is not what its digest says.
  ///
  /// @return whether the next read may give other bytes, because somebody else serves them
  default boolean distrust(ByteRange range) {
    return false;
  }

  /// Reads all bytes of `range` into a new array.
  ///
  /// @throws IllegalArgumentException if `range` reaches beyond [#size()] or is longer than an
  ///   array can be: the caller bounds it
  /// @throws IOException if the source cannot be read whole
  default byte[] read(ByteRange range) throws IOException {
    if (range.length() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException("too long for one array: " + range);
    }
    int length = (int) range.length();
    try (InputStream in = open(range)) {
      byte[] bytes = in.readNBytes(length);
      if (bytes.length != length) {
        throw new EOFException("%s ended after %d bytes".formatted(range, bytes.length));
      }
      return bytes;
    }
  }
}
