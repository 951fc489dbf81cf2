package dev.asterism.estargz;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.zip.ZipException;

/// A layer's tar, however the layer is compressed: told by its first bytes.
public final class LayerStream {
  private static final int MAGIC_SIZE = 4;

  private LayerStream() {}

  /// Returns the plain bytes: of gzip (all members), zstd (all frames, skippable ones passed over),
  /// or as they are.
  ///
  /// @param in not closed by the stream that is returned
  /// @return a stream that ends with an `IOException` where compressed data is damaged or cut off;
  ///   to be closed, as it may hold memory outside the heap
  public static InputStream plain(InputStream in) throws IOException {
    PushbackInputStream back = new PushbackInputStream(new Unclosed(in), MAGIC_SIZE);
    byte[] magic = back.readNBytes(MAGIC_SIZE);
    back.unread(magic);
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return new GunzipStream(back);
    }
    if (magic.length == MAGIC_SIZE && isZstd(magic)) {
      return new Unzstd(new ZstdInputStreamNoFinalizer(back));
    }
    return back;
  }

  /// Tells by its first four bytes whether something is compressed in a way that [#plain] undoes.
  public static boolean isCompressed(byte[] start) {
    return (start[0] == 0x1f && start[1] == (byte) 0x8b) || isZstd(start);
  }

  /// The magic numbers of RFC 8878, 3.1: a frame's, and sixteen of skippable frames.
  private static boolean isZstd(byte[] magic) {
    boolean frame =
        magic[0] == 0x28 && magic[1] == (byte) 0xb5 && magic[2] == 0x2f && magic[3] == (byte) 0xfd;
    boolean skippable =
        (magic[0] & 0xf0) == 0x50 && magic[1] == 0x2a && magic[2] == 0x4d && magic[3] == 0x18;
    return frame || skippable;
  }

  /// Says of damaged data what the JDK says of it in other formats.
  private static final class Unzstd extends FilterInputStream {
    private Unzstd(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      try {
        return in.read(target, offset, length);
      } catch (ZstdIOException e) {
        ZipException damaged = new ZipException("zstd data is damaged: " + e.getMessage());
        damaged.initCause(e);
        throw damaged;
      }
    }
  }

  /// Leaves its source open.
  private static final class Unclosed extends FilterInputStream {
    private Unclosed(InputStream in) {
      super(in);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      return in.read(target, offset, length);
    }

    @Override
    public void close() {}
  }
}
