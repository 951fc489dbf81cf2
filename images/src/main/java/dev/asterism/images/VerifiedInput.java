package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/// Hashes what is read of a stream. Confined to one thread.
final class VerifiedInput extends FilterInputStream {
  private final MessageDigest hasher = Digest.hasher();
  private final LongConsumer progress;
  private long count;

  /// @param progress is told how many bytes were read
  VerifiedInput(InputStream in, LongConsumer progress) {
    super(in);
    this.progress = progress;
  }

  /// Opens all of a blob.
  static VerifiedInput open(Blob blob, LongConsumer progress) throws IOException {
    return new VerifiedInput(blob.open(new ByteRange(0, blob.size())), progress);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int n = in.read(target, offset, length);
    if (n > 0) {
      hasher.update(target, offset, n);
      count += n;
      progress.accept(count);
    }
    return n;
  }

  /// Skips by reading: what is not read is not hashed.
  @Override
  public long skip(long wanted) throws IOException {
    byte[] scratch = new byte[Math.clamp(wanted, 0, 8 << 10)]; // 8 KiB
    return wanted <= 0 ? 0 : Math.max(0, read(scratch, 0, scratch.length));
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  /// Reads to the end, and returns the digest of all.
  Digest finish() throws IOException {
    transferTo(OutputStream.nullOutputStream());
    return Digest.finish(hasher);
  }

  /// Reads to the end.
  ///
  /// @throws CorruptContentException if all of it does not hash to `expected`
  void finish(String what, Digest expected) throws IOException {
    Digest actual = finish();
    if (!actual.equals(expected)) {
      throw new CorruptContentException(what, expected, actual);
    }
  }
}
