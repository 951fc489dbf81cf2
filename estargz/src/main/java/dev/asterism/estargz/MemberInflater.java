package dev.asterism.estargz;

import com.github.luben.zstd.ZstdException;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// Inflates members out of a stream of a blob's bytes, each as far as it is read: gzip members, or
/// zstd frames, told by their first byte.
///
/// It inflates nothing that is not asked for, so what lies behind a payload in its member costs
/// nothing and can't be a bomb. A gzip member that is read to its end is checked against its CRC-32
/// and length. A small one of which the caller says beforehand what he wants ([#expect]) is
/// inflated all at once, and not checked so: whoever does that hashes what he gets. Confined to one
/// thread.
final class MemberInflater implements Closeable {
  /// What deflate can reach at most (zlib, "Technical Details"), rounded up.
  private static final long MAX_DEFLATE_RATIO = 1040;

  private static final int BUFFER_SIZE = 16 << 10; // 16 KiB

  private final InputStream in;
  private byte[] buffer = new byte[BUFFER_SIZE];
  private int from;
  private int to;

  /// Of `buffer[from]` in the blob.
  private long blobOffset;

  private final long spanEnd;
  private ByteRange member;
  private final Inflater inflater = new Inflater(true);
  private final CRC32 crc = new CRC32();
  private long inflated;
  private boolean ended = true;

  /// Made for the first member that is inflated at once.
  private Optional<WholeInflater> whole = Optional.empty();

  /// Bytes of the current member that `whole` holds; -1 if it was not asked.
  private int wholeLength = -1;

  /// Made for the first frame.
  private Optional<ZstdFrame> zstd = Optional.empty();

  private boolean isFrame;
  private boolean frameEnds;

  /// @param in gives the bytes of `span`; not closed here
  MemberInflater(InputStream in, ByteRange span) {
    this.in = in;
    this.blobOffset = span.start();
    this.spanEnd = span.end();
    this.member = new ByteRange(span.start(), span.start());
  }

  /// Starts at a member, skipping what lies before it.
  ///
  /// @param range from the member's first byte to where it must have ended; within the span
  /// @throws MalformedLayerException if it is neither a gzip member nor a zstd frame, or starts
  ///   before the end of what was already consumed
  void start(ByteRange range) throws IOException {
    if (range.end() > spanEnd) {
      throw new IllegalArgumentException("member %s ends behind its span".formatted(range));
    }
    giveBack();
    if (range.start() < blobOffset) {
      throw new MalformedLayerException(range.start(), "members overlap");
    }
    skip(range.start() - blobOffset);
    member = range;
    inflater.reset();
    crc.reset();
    inflated = 0;
    wholeLength = -1;
    ended = true;
    fill();
    isFrame = buffer[from] == ZstdFrame.FIRST_BYTE;
    if (isFrame) {
      startFrame();
    } else {
      readHeader();
    }
    ended = false;
  }

  private void startFrame() {
    ZstdFrame frame = zstd.orElseGet(ZstdFrame::new);
    zstd = Optional.of(frame);
    frame.start();
    frameEnds = false;
  }

  /// Returns how many bytes one of the current member can become at most.
  long maxRatio() {
    return isFrame ? ZstdFrame.MAX_RATIO : MAX_DEFLATE_RATIO;
  }

  /// Returns how much of the member was inflated.
  long inflated() {
    return inflated;
  }

  /// Says how much of the current member will be read: then it may be inflated at once, if it is
  /// small. Nothing was read of it yet.
  ///
  /// @throws EOFException if the blob ends within the member
  void expect(long bytes) throws IOException {
    long length = member.end() - blobOffset;
    if (isFrame
        || bytes > WholeInflater.LARGEST
        || length > WholeInflater.LARGEST
        || !WholeInflater.isHere()) {
      return;
    }
    buffer((int) length);
    WholeInflater inflaterOfAll = whole.orElseGet(WholeInflater::new);
    whole = Optional.of(inflaterOfAll);
    int count = inflaterOfAll.inflate(buffer, from, (int) length, (int) bytes);
    if (count >= bytes) {
      wholeLength = count;
      from += (int) length;
      blobOffset += length;
    }
  }

  /// Sees to it that the buffer has so many bytes.
  private void buffer(int length) throws IOException {
    if (from + length > buffer.length) {
      byte[] larger =
          length > buffer.length ? new byte[Math.max(length, 2 * buffer.length)] : buffer;
      System.arraycopy(buffer, from, larger, 0, to - from);
      buffer = larger;
      to -= from;
      from = 0;
    }
    while (to - from < length) {
      int count = in.read(buffer, to, from + length - to);
      if (count < 0) {
        throw endOfBlob();
      }
      to += count;
    }
  }

  /// Inflates up to `length` bytes, at least 1; returns -1 at the member's end.
  ///
  /// @throws MalformedLayerException if the member is damaged or goes on behind its range
  int read(byte[] target, int offset, int length) throws IOException {
    if (ended || length == 0) {
      return ended ? -1 : 0;
    }
    if (wholeLength >= 0) {
      return readWhole(target, offset, length);
    }
    return isFrame ? readFrame(target, offset, length) : readGzip(target, offset, length);
  }

  private int readWhole(byte[] target, int offset, int length) {
    int count = (int) Math.min(length, wholeLength - inflated);
    System.arraycopy(whole.orElseThrow().bytes(), (int) inflated, target, offset, count);
    inflated += count;
    ended = count == 0;
    return ended ? -1 : count;
  }

  private int readFrame(byte[] target, int offset, int length) throws IOException {
    ByteBuffer out = ByteBuffer.wrap(target, offset, length);
    try {
      while (out.position() == offset && !frameEnds) {
        // Without input too: the library may hold output back.
        int available = (int) Math.min(to - from, member.end() - blobOffset);
        ByteBuffer piece = ByteBuffer.wrap(buffer, from, available);
        frameEnds = zstd.orElseThrow().decode(piece, out);
        blobOffset += piece.position() - from;
        from = piece.position();
        if (out.position() == offset && !frameEnds && !piece.hasRemaining()) {
          fill();
        }
      }
    } catch (ZstdException e) {
      throw new MalformedLayerException(
          blobOffset,
          "damaged zstd frame from %d: %s".formatted(member.start(), e.getMessage()),
          e);
    }
    int n = out.position() - offset;
    ended = n == 0;
    inflated += n;
    return ended ? -1 : n;
  }

  private int readGzip(byte[] target, int offset, int length) throws IOException {
    try {
      while (true) {
        int n = inflater.inflate(target, offset, length);
        if (n > 0) {
          crc.update(target, offset, n);
          inflated += n;
          return n;
        }
        if (inflater.finished()) {
          finish();
          return -1;
        }
        if (inflater.needsDictionary()) {
          throw malformed("gzip member wants a dictionary");
        }
        feed();
      }
    } catch (DataFormatException e) {
      throw new MalformedLayerException(
          blobOffset, "damaged gzip member from %d".formatted(member.start()), e);
    }
  }

  @Override
  public void close() {
    inflater.close();
    zstd.ifPresent(ZstdFrame::close);
  }

  private void finish() throws IOException {
    ended = true;
    giveBack();
    if (readIntLe() != (int) crc.getValue() || readIntLe() != (int) inflated) {
      throw malformed("gzip member's checksum or length is wrong");
    }
  }

  private void readHeader() throws IOException {
    int id = (readByte() << 8) | readByte();
    int method = readByte();
    int flags = readByte();
    if (id != 0x1f8b || method != 8 || (flags & GzipHeader.RESERVED) != 0) {
      throw malformed("no gzip member");
    }
    for (int i = 4; i < GzipHeader.SIZE; i++) {
      readByte();
    }
    if ((flags & GzipHeader.FEXTRA) != 0) {
      int length = readByte() | (readByte() << 8);
      for (int i = 0; i < length; i++) {
        readByte();
      }
    }
    if ((flags & GzipHeader.FNAME) != 0) {
      skipText();
    }
    if ((flags & GzipHeader.FCOMMENT) != 0) {
      skipText();
    }
    if ((flags & GzipHeader.FHCRC) != 0) {
      readByte();
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
    blobOffset++;
    return buffer[from++] & 0xff;
  }

  /// Hands the inflater all that the buffer has of this member, as if it were consumed.
  private void feed() throws IOException {
    fill();
    int n = (int) Math.min(to - from, member.end() - blobOffset);
    inflater.setInput(buffer, from, n);
    from += n;
    blobOffset += n;
  }

  /// Takes back what the inflater was handed and did not use.
  private void giveBack() {
    int unused = inflater.getRemaining();
    from -= unused;
    blobOffset -= unused;
    inflater.setInput(buffer, 0, 0);
  }

  /// Sees to it that the buffer has a byte of this member.
  private void fill() throws IOException {
    if (blobOffset >= member.end()) {
      throw malformed("member is cut off");
    }
    if (from == to) {
      from = 0;
      to = Math.max(0, in.read(buffer, 0, BUFFER_SIZE));
      if (to == 0) {
        throw endOfBlob();
      }
    }
  }

  private EOFException endOfBlob() {
    return new EOFException(
        "blob ended at %d, before %d".formatted(blobOffset + to - from, spanEnd));
  }

  private void skip(long length) throws IOException {
    int buffered = (int) Math.min(length, to - from);
    from += buffered;
    if (length > buffered) {
      in.skipNBytes(length - buffered);
    }
    blobOffset += length;
  }

  private MalformedLayerException malformed(String what) {
    return new MalformedLayerException(
        blobOffset, "%s, in the member from %d".formatted(what, member.start()));
  }
}
