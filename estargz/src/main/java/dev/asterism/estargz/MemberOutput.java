package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/// Deflates a tar as gzip members, cut where the caller says so. Confined to one thread.
final class MemberOutput implements Closeable {
  private static final int BUFFER_SIZE = 16 << 10; // 16 KiB

  private final OutputStream out;
  private final int level;
  private final Deflater deflater;
  private final CRC32 crc = new CRC32();
  private final byte[] buffer = new byte[BUFFER_SIZE];
  private final MessageDigest blob = Digest.hasher();
  private final MessageDigest tar = Digest.hasher();
  private boolean open;
  private long blobSize;
  private long tarSize;
  private long memberStart;
  private long memberTarStart;

  MemberOutput(OutputStream out, int level) {
    this.out = out;
    this.level = level;
    this.deflater = new Deflater(level, true);
  }

  /// Ends the open member: the next byte opens one.
  void cut() throws IOException {
    if (!open) {
      return;
    }
    deflater.finish();
    drain();
    putIntLe((int) crc.getValue());
    putIntLe((int) (tarSize - memberTarStart));
    open = false;
  }

  /// Returns the blob offset of the open member, or of the one that the next byte opens.
  long memberStart() {
    return open ? memberStart : blobSize;
  }

  /// Returns the bytes of the open member before compression; 0 where none is open.
  long innerOffset() {
    return open ? tarSize - memberTarStart : 0;
  }

  /// Returns the compressed bytes of the open member that were written so far.
  long memberSize() {
    return blobSize - memberStart();
  }

  /// Returns the bytes before compression of all members.
  long tarSize() {
    return tarSize;
  }

  /// Adds bytes of the tar.
  void write(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return;
    }
    if (!open) {
      start();
    }
    crc.update(bytes, offset, length);
    tar.update(bytes, offset, length);
    tarSize += length;
    deflater.setInput(bytes, offset, length);
    drain();
  }

  /// Adds all of `bytes`.
  void write(byte[] bytes) throws IOException {
    write(bytes, 0, bytes.length);
  }

  /// Ends the blob: cuts, and writes the footer as it is.
  ///
  /// @return what became of it, with `tocDigest` as given
  EstargzLayer finish(long tocOffset, Digest tocDigest) throws IOException {
    cut();
    byte[] footer = Footer.of(tocOffset);
    put(footer, footer.length);
    return new EstargzLayer(Digest.finish(blob), blobSize, tocDigest, Digest.finish(tar), tarSize);
  }

  /// Gives the deflater's memory back.
  @Override
  public void close() {
    deflater.close();
  }

  private void start() throws IOException {
    memberStart = blobSize;
    memberTarStart = tarSize;
    open = true;
    deflater.reset();
    crc.reset();
    byte[] header = new byte[GzipHeader.SIZE];
    header[0] = 0x1f;
    header[1] = (byte) 0x8b;
    header[2] = 8;
    // XFL as RFC 1952 has it for the slowest and the fastest level.
    header[8] =
        (byte) (level == Deflater.BEST_COMPRESSION ? 2 : level == Deflater.BEST_SPEED ? 4 : 0);
    header[9] = (byte) 0xff;
    put(header, header.length);
  }

  private void drain() throws IOException {
    while (true) {
      int n = deflater.deflate(buffer);
      if (n == 0) {
        return;
      }
      put(buffer, n);
    }
  }

  private void putIntLe(int value) throws IOException {
    byte[] bytes = {(byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24)};
    put(bytes, bytes.length);
  }

  private void put(byte[] bytes, int length) throws IOException {
    out.write(bytes, 0, length);
    blob.update(bytes, 0, length);
    blobSize += length;
  }
}
