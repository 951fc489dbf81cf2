package dev.asterism.content;

/// Bytes together with the digest they hash to, checked in this process.
///
/// The only way to get one is to hash the bytes, so who takes a `VerifiedChunk` need not hash
/// again. The array is shared, not copied: nobody writes to it after [#verify].
public final class VerifiedChunk {
  private final Digest digest;
  private final byte[] bytes;

  private VerifiedChunk(Digest digest, byte[] bytes) {
    this.digest = digest;
    this.bytes = bytes;
  }

  /// Hashes `bytes` and compares.
  ///
  /// @param what the thing that was read, for the error: layer, file and offset
  /// @throws CorruptContentException if they hash to something other than `expected`
  public static VerifiedChunk verify(String what, Digest expected, byte[] bytes)
      throws CorruptContentException {
    Digest actual = Digest.of(bytes);
    if (!actual.equals(expected)) {
      throw new CorruptContentException(what, expected, actual);
    }
    return new VerifiedChunk(actual, bytes);
  }

  /// Hashes `bytes`, whatever they are.
  public static VerifiedChunk of(byte[] bytes) {
    return new VerifiedChunk(Digest.of(bytes), bytes);
  }

  /// Returns what the bytes hash to.
  public Digest digest() {
    return digest;
  }

  /// Returns the bytes, not a copy: read only.
  public byte[] bytes() {
    return bytes;
  }

  /// Returns the number of bytes.
  public int size() {
    return bytes.length;
  }
}
