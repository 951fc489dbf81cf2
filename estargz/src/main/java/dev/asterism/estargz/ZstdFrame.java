package dev.asterism.estargz;

import com.github.luben.zstd.ZstdDecompressCtx;
import java.io.Closeable;
import java.nio.ByteBuffer;

/// The zstd library's state for one frame after another (RFC 8878). Memory outside the heap: the
/// frame's window, at most 32 MiB. Confined to one thread.
final class ZstdFrame implements Closeable {
  /// The first byte of every frame; a gzip member's is another.
  static final int FIRST_BYTE = 0x28;

  /// What a frame can reach at most: a block of 128 KiB takes its header of 3 bytes and one that is
  /// repeated (RFC 8878, 3.1.1.2).
  static final long MAX_RATIO = (128 << 10) / 4;

  /// What encoders use up to their highest ordinary levels is 8 MiB; more needs more of us too.
  private static final int MAX_WINDOW_LOG = 25; // 32 MiB

  private final ZstdDecompressCtx context = new ZstdDecompressCtx();

  /// Begins a frame.
  void start() {
    context.reset();
    context.setLongMax(MAX_WINDOW_LOG); // a reset forgets it
  }

  /// Decodes what there is of `in` into what room there is in `out`; moves both.
  ///
  /// @return whether the frame has ended and all of it is out
  /// @throws com.github.luben.zstd.ZstdException if it is damaged, or its window is too large
  boolean decode(ByteBuffer in, ByteBuffer out) {
    return context.decompressByteBufferStream(out, in);
  }

  @Override
  public void close() {
    context.close();
  }
}
