package dev.asterism.estargz;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/// Inflates a stream of gzip members (RFC 1952, 2.2) to its very end.
///
/// Unlike the JDK's own, it does not take a source that has nothing at hand for one that has ended:
/// a layer of many members would end early, and nobody would notice. Zeros behind the last member
/// are padding; anything else is an error. Confined to one thread.
final class GunzipStream extends InputStream {
  private static final int BUFFER_SIZE = 64 << 10; // 64 KiB

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_SIZE];
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private int from;
  private int to;
  private boolean ended;

  /// Starts at the first member.
  ///
  /// @param in closed with this
  GunzipStream(InputStream in) throws IOException {
    this.in = in;
    readHeader(readByte());
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      while (!ended) {
        int n = inflater.inflate(target, offset, length);
        if (n > 0) {
          crc.update(target, offset, n);
          return n;
        }
        if (inflater.finished()) {
          nextMember();
        } else if (inflater.needsDictionary()) {
          throw new ZipException("gzip member wants a dictionary");
        } else {
          fill();
          inflater.setInput(buffer, from, to - from);
          from = to;
        }
      }
      return -1;
    } catch (DataFormatException e) {
      ZipException damaged = new ZipException("gzip data is damaged: " + e.getMessage());
      damaged.initCause(e);
      throw damaged;
    }
  }

  private void nextMember() throws IOException {
    from -= inflater.getRemaining();
    int length = (int) inflater.getBytesWritten();
    if (readIntLe() != (int) crc.getValue() || readIntLe() != length) {
      throw new ZipException("gzip member's checksum or length is wrong");
    }
    inflater.reset();
    crc.reset();
    int next = readOrEnd();
    while (next == 0) {
      next = readOrEnd();
      if (next > 0) {
        throw new ZipException("something other than zeros follows the last gzip member");
      }
    }
    ended = next < 0;
    if (!ended) {
      readHeader(next);
    }
  }

  private void readHeader(int first) throws IOException {
    int second = readByte();
    int method = readByte();
    int flags = readByte();
    if (first != 0x1f || second != 0x8b || method != 8 || (flags & GzipHeader.RESERVED) != 0) {
      throw new ZipException("no gzip member where one should start");
    }
    skip(GzipHeader.SIZE - 4);
    if ((flags & GzipHeader.FEXTRA) != 0) {
      skip(readByte() | (readByte() << 8));
    }
    if ((flags & GzipHeader.FNAME) != 0) {
      skipText();
    }
    if ((flags & GzipHeader.FCOMMENT) != 0) {
      skipText();
    }
    if ((flags & GzipHeader.FHCRC) != 0) {
      skip(2);
    }
  }

  private void skip(int count) throws IOException {
    for (int i = 0; i < count; i++) {
      readByte();
    }
  }

  private void skipText() throws IOException {
    int character;
    do {
      character = readByte();
    } while (character != 0);
  }

  private int readIntLe() throws IOException {
    return readByte() | (readByte() << 8) | (readByte() << 16) | (readByte() << 24);
  }

  private int readByte() throws IOException {
    fill();
    return buffer[from++] & 0xff;
  }

  /// Returns -1 at the end of the source.
  private int readOrEnd() throws IOException {
    if (from == to) {
      from = 0;
      to = Math.max(0, in.read(buffer, 0, BUFFER_SIZE));
    }
    return from == to ? -1 : buffer[from++] & 0xff;
  }

  private void fill() throws IOException {
    if (from == to) {
      from = 0;
      to = Math.max(0, in.read(buffer, 0, BUFFER_SIZE));
      if (to == 0) {
        throw new EOFException("gzip data ends within a member");
      }
    }
  }

  @Override
  public void close() throws IOException {
    inflater.close();
    in.close();
  }
}
