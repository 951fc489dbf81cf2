package dev.asterism.estargz;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.airlift.compress.v3.deflate.DeflateNativeCompressor;
import java.io.Closeable;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// The library that compresses members, and with that the format: gzip members make eStargz, zstd
/// frames zstd:chunked. The same library, level and input give the same bytes; two libraries never
/// do, so who wants a blob twice names it.
public enum MemberEncoder {
  /// The JDK's zlib: everywhere, levels 1 to 9.
  ZLIB(Deflater.BEST_COMPRESSION) {
    @Override
    Members open(int level) {
      return new GzipMembers(new Zlib(level), level);
    }
  },

  /// libdeflate, which comes with a jar for Linux on amd64, arm64 and ppc64le: some three times as
  /// fast at the same size, levels 1 to 12.
  LIBDEFLATE(12) {
    @Override
    Members open(int level) {
      return new GzipMembers(new Libdeflate(level), level);
    }
  },

  /// zstd, levels 1 to 19; beyond them a reader needs a window of more than 8 MiB.
  ZSTD(19) {
    @Override
    Members open(int level) {
      return new ZstdFrames(level);
    }
  };

  private final int maxLevel;

  MemberEncoder(int maxLevel) {
    this.maxLevel = maxLevel;
  }

  /// Returns the highest level: the smallest output.
  public int maxLevel() {
    return maxLevel;
  }

  /// Tells whether it can be used on this machine.
  public boolean isHere() {
    return this != LIBDEFLATE || NativeDeflate.HERE;
  }

  /// Returns the format of the layers it makes.
  public TocLocation.Format format() {
    return this == ZSTD ? TocLocation.Format.ZSTD_CHUNKED : TocLocation.Format.ESTARGZ;
  }

  /// Returns libdeflate where it is there, else zlib.
  public static MemberEncoder fastest() {
    return LIBDEFLATE.isHere() ? LIBDEFLATE : ZLIB;
  }

  /// Returns a compressor of this library.
  abstract Members open(int level);

  /// Makes a member of a whole buffer. Confined to one thread at a time.
  interface Members extends Closeable {
    /// Returns how long a member of `length` bytes can be.
    int bound(int length);

    /// Makes a member of `length` bytes from the start of `in` at the start of `out`; returns how
    /// long it is.
    ///
    /// @param out has room for [#bound] bytes
    int encode(byte[] in, int length, byte[] out);

    @Override
    void close();
  }

  /// Zstd frames with their content's size (RFC 8878).
  private static final class ZstdFrames implements Members {
    private final ZstdCompressCtx context = new ZstdCompressCtx();

    ZstdFrames(int level) {
      context.setLevel(level);
    }

    @Override
    public int bound(int length) {
      return Math.toIntExact(Zstd.compressBound(length));
    }

    @Override
    public int encode(byte[] in, int length, byte[] out) {
      return context.compressByteArray(out, 0, out.length, in, 0, length);
    }

    @Override
    public void close() {
      context.close();
    }
  }

  /// Gzip members around what a library deflates (RFC 1952, 2.3).
  private static final class GzipMembers implements Members {
    private final Raw raw;
    private final int level;

    GzipMembers(Raw raw, int level) {
      this.raw = raw;
      this.level = level;
    }

    @Override
    public int bound(int length) {
      return GzipHeader.SIZE + raw.bound(length) + GzipHeader.TRAILER_SIZE;
    }

    @Override
    public int encode(byte[] in, int length, byte[] out) {
      CRC32 crc = new CRC32();
      crc.update(in, 0, length);
      GzipHeader.put(out, level);
      int end = GzipHeader.SIZE + raw.deflate(in, length, out, GzipHeader.SIZE);
      putIntLe(out, end, (int) crc.getValue());
      putIntLe(out, end + 4, length);
      return end + GzipHeader.TRAILER_SIZE;
    }

    private static void putIntLe(byte[] out, int at, int value) {
      out[at] = (byte) value;
      out[at + 1] = (byte) (value >> 8);
      out[at + 2] = (byte) (value >> 16);
      out[at + 3] = (byte) (value >> 24);
    }

    @Override
    public void close() {
      raw.close();
    }
  }

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
      if (!NativeDeflate.HERE) {
        throw new IllegalStateException("no libdeflate for this machine");
      }
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
