package dev.asterism.estargz;

import io.airlift.compress.v3.deflate.DeflateNativeCompressor;
import java.io.Closeable;
import java.util.zip.Deflater;

/// The library that deflates members. The same library, level and input give the same bytes; two
/// libraries never do, so who wants a blob twice names it.
public enum GzipEncoder {
  /// The JDK's zlib: everywhere, levels 1 to 9.
  ZLIB(Deflater.BEST_COMPRESSION) {
    @Override
    Raw open(int level) {
      return new Zlib(level);
    }
  },

  /// libdeflate, which comes with a jar for Linux on amd64, arm64 and ppc64le: some three times as
  /// fast at the same size, levels 1 to 12.
  LIBDEFLATE(12) {
    @Override
    Raw open(int level) {
      return new Libdeflate(level);
    }
  };

  private final int maxLevel;

  GzipEncoder(int maxLevel) {
    this.maxLevel = maxLevel;
  }

  /// Returns the highest level: the smallest output.
  public int maxLevel() {
    return maxLevel;
  }

  /// Tells whether it can be used on this machine.
  public boolean isHere() {
    return this == ZLIB || DeflateNativeCompressor.isEnabled();
  }

  /// Returns libdeflate where it is there, else zlib.
  public static GzipEncoder fastest() {
    return LIBDEFLATE.isHere() ? LIBDEFLATE : ZLIB;
  }

  /// Returns a deflater of this library.
  abstract Raw open(int level);

  /// Deflates whole buffers, without any frame (RFC 1951). Confined to one thread at a time.
  interface Raw extends Closeable {
    /// Returns how long the output for `length` bytes can be.
    int bound(int length);

    /// Deflates `length` bytes from the start of `in` into `out` from `at`; returns the number of
    /// bytes it wrote.
    ///
    /// @param out has room for [#bound] bytes behind `at`
    int deflate(byte[] in, int length, byte[] out, int at);

    @Override
    void close();
  }

  private static final class Zlib implements Raw {
    private final Deflater deflater;

    Zlib(int level) {
      deflater = new Deflater(level, true);
    }

    /// What zlib's `deflateBound` gives for any settings.
    @Override
    public int bound(int length) {
      return Math.addExact(length, (length >>> 3) + (length >>> 6) + 16);
    }

    @Override
    public int deflate(byte[] in, int length, byte[] out, int at) {
      deflater.reset();
      deflater.setInput(in, 0, length);
      deflater.finish();
      int written = 0;
      while (!deflater.finished()) {
        written += deflater.deflate(out, at + written, out.length - at - written);
      }
      return written;
    }

    @Override
    public void close() {
      deflater.close();
    }
  }

  private static final class Libdeflate implements Raw {
    private final DeflateNativeCompressor compressor;

    Libdeflate(int level) {
      compressor = new DeflateNativeCompressor(level);
    }

    @Override
    public int bound(int length) {
      return compressor.maxCompressedLength(length);
    }

    @Override
    public int deflate(byte[] in, int length, byte[] out, int at) {
      return compressor.compress(in, 0, length, out, at, out.length - at);
    }

    /// Its memory goes with the object.
    @Override
    public void close() {}
  }
}
