package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// One member on its way from the tar to the blob: filled, compressed, written.
///
/// Whoever fills it hands it to one worker, and takes it back when that is done; never two threads
/// at once.
final class Member {
  private static final byte[] NONE = {};

  private final BufferPool pool;
  private byte[] bytes;
  private int length;
  private final List<Payload> payloads = new ArrayList<>(1);
  private final List<Digest> digests = new ArrayList<>(1);
  private byte[] compressed = NONE;
  private int compressedLength;
  private long blobOffset = -1;

  /// Where a chunk lies in the member, uncompressed.
  private record Payload(int innerOffset, int size) {}

  /// @param expected bytes that it will probably hold
  Member(BufferPool pool, int expected) {
    this.pool = pool;
    this.bytes = pool.take(expected);
  }

  /// Returns the uncompressed bytes it holds so far.
  int length() {
    return length;
  }

  /// Returns what it holds in memory, compressed form included.
  long footprint() {
    return 2L * bytes.length;
  }

  /// Returns the bytes behind its last payload.
  int tail() {
    return payloads.isEmpty()
        ? length
        : length - payloads.getLast().innerOffset() - payloads.getLast().size();
  }

  /// Adds bytes.
  void add(byte[] source, int offset, int count) {
    room(count);
    System.arraycopy(source, offset, bytes, length, count);
    length += count;
  }

  /// Adds zeros.
  void addZeros(int count) {
    room(count);
    Arrays.fill(bytes, length, length + count, (byte) 0);
    length += count;
  }

  /// Adds a chunk of `size` bytes and returns its number in this member. `whole` gets the same
  /// bytes.
  ///
  /// @throws EOFException if the source ends before
  int addPayload(InputStream source, int size, Optional<MessageDigest> whole) throws IOException {
    room(size);
    int read = source.readNBytes(bytes, length, size);
    if (read < size) {
      throw new EOFException("content ends early");
    }
    whole.ifPresent(hasher -> hasher.update(bytes, length, size));
    payloads.add(new Payload(length, size));
    length += size;
    return payloads.size() - 1;
  }

  /// Adds its uncompressed bytes to a hash.
  void hash(MessageDigest tar) {
    tar.update(bytes, 0, length);
  }

  /// Hashes the chunks and makes the member: a worker's part.
  void compress(MemberEncoder.Members encoder) {
    for (Payload payload : payloads) {
      digests.add(Digest.of(bytes, payload.innerOffset(), payload.size()));
    }
    byte[] out = pool.take(encoder.bound(length));
    compressedLength = encoder.encode(bytes, length, out);
    compressed = out;
    pool.give(bytes);
    bytes = NONE;
  }

  /// Writes it, after it was compressed, as the part of the blob from `offset`, and lets go of its
  /// bytes. Returns its length.
  int writeTo(OutputStream out, MessageDigest blob, long offset) throws IOException {
    out.write(compressed, 0, compressedLength);
    blob.update(compressed, 0, compressedLength);
    blobOffset = offset;
    pool.give(compressed);
    compressed = NONE;
    return compressedLength;
  }

  /// Tells whether it is in the blob.
  boolean isWritten() {
    return blobOffset >= 0;
  }

  /// Returns where in the blob, once it is written.
  long blobOffset() {
    return blobOffset;
  }

  /// Returns where in the member that chunk starts.
  long innerOffset(int payload) {
    return payloads.get(payload).innerOffset();
  }

  /// Returns a chunk's digest, once it is compressed.
  Digest digest(int payload) {
    return digests.get(payload);
  }

  private void room(int count) {
    int wanted = Math.addExact(length, count);
    if (wanted > bytes.length) {
      int more = (int) Math.min(Integer.MAX_VALUE - 8, Math.max(wanted, 2L * bytes.length));
      byte[] larger = pool.take(more);
      System.arraycopy(bytes, 0, larger, 0, length);
      pool.give(bytes);
      bytes = larger;
    }
  }
}
