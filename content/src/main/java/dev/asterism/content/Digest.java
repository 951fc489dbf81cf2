package dev.asterism.content;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;

/// The SHA-256 of some bytes: the name of a blob, a TOC, a file or a chunk.
///
/// Text form is `sha256:` and 64 lower-case hex digits (OCI image spec, "Digests"). SHA-256 is the
/// only algorithm: an object's path in the store is its hex form, and everything that lists chunks
/// uses it. Ordered as unsigned bytes. Immutable.
///
/// @param a bytes 0 to 7, big endian
/// @param b bytes 8 to 15
/// @param c bytes 16 to 23
/// @param d bytes 24 to 31
public record Digest(long a, long b, long c, long d) implements Comparable<Digest> {
  /// Bytes of a digest.
  public static final int SIZE = 32;

  private static final String PREFIX = "sha256:";

  /// What each character is worth as a digit, -1 for most: a branch on each of 64 random digits
  /// would cost more than all else.
  private static final byte[] VALUES = new byte['f' + 1];

  static {
    Arrays.fill(VALUES, (byte) -1);
    String digits = "0123456789abcdef";
    for (int i = 0; i < digits.length(); i++) {
      VALUES[digits.charAt(i)] = (byte) i;
    }
  }

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  /// Reads the text form.
  ///
  /// @throws IllegalArgumentException if `text` is not `sha256:` and 64 lower-case hex digits
  public static Digest parse(String text) {
    return find(text)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "not a digest: '%s' (expected sha256: and 64 lower-case hex digits)"
                    .formatted(text.length() > 200 ? text.substring(0, 200) + "…" : text)));
  }

  /// Returns the digest that `text` is the text form of; empty if it is none.
  public static Optional<Digest> find(String text) {
    return text.startsWith(PREFIX) ? findHex(text.substring(PREFIX.length())) : Optional.empty();
  }

  /// Returns the digest that `hex` (64 lower-case hex digits, no prefix) stands for; empty if it is
  /// anything else.
  public static Optional<Digest> findHex(String hex) {
    if (hex.length() != 2 * SIZE) {
      return Optional.empty();
    }
    int all = 0;
    for (int i = 0; i < hex.length(); i++) {
      all |= value(hex.charAt(i));
    }
    return all < 0
        ? Optional.empty()
        : Optional.of(new Digest(bits(hex, 0), bits(hex, 16), bits(hex, 32), bits(hex, 48)));
  }

  private static long bits(String hex, int from) {
    long bits = 0;
    for (int i = from; i < from + 16; i++) {
      bits = bits << 4 | value(hex.charAt(i));
    }
    return bits;
  }

  /// Returns what a digit is worth; -1 if it is none.
  private static int value(char digit) {
    return digit < VALUES.length ? VALUES[digit] : -1;
  }

  /// Returns the digest of `bytes`.
  public static Digest of(byte[] bytes) {
    return of(bytes, 0, bytes.length);
  }

  /// Returns the digest of `length` bytes of `bytes` from `offset`.
  public static Digest of(byte[] bytes, int offset, int length) {
    MessageDigest hasher = hasher();
    hasher.update(bytes, offset, length);
    return finish(hasher);
  }

  /// Returns a new SHA-256 to be ended with [#finish]. Confined to one thread.
  public static MessageDigest hasher() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /// Ends `hasher` and returns the digest of all it was given.
  public static Digest finish(MessageDigest hasher) {
    return read(ByteBuffer.wrap(hasher.digest()));
  }

  /// Reads 32 bytes from `from`, whatever its byte order.
  ///
  /// @throws java.nio.BufferUnderflowException if fewer remain
  public static Digest read(ByteBuffer from) {
    ByteBuffer bytes = from.slice(from.position(), from.remaining()).order(ByteOrder.BIG_ENDIAN);
    Digest digest = new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    from.position(from.position() + SIZE);
    return digest;
  }

  /// Writes 32 bytes to `to`, whatever its byte order.
  ///
  /// @throws java.nio.BufferOverflowException if fewer remain
  public void write(ByteBuffer to) {
    to.put(toBytes());
  }

  /// Returns the 32 bytes, a new array.
  public byte[] toBytes() {
    return ByteBuffer.allocate(SIZE).putLong(a).putLong(b).putLong(c).putLong(d).array();
  }

  /// Returns the 64 lower-case hex digits, without the algorithm.
  public String hex() {
    byte[] digits = new byte[2 * SIZE];
    hex(digits, 0);
    return new String(digits, StandardCharsets.ISO_8859_1);
  }

  /// Writes the 64 lower-case hex digits, in ASCII, to `to` from `at` on.
  ///
  /// @throws ArrayIndexOutOfBoundsException if there is no room for them
  public void hex(byte[] to, int at) {
    hex(a, to, at);
    hex(b, to, at + 16);
    hex(c, to, at + 32);
    hex(d, to, at + 48);
  }

  private static void hex(long bits, byte[] to, int at) {
    LONG.set(to, at, digits(bits >>> 32));
    LONG.set(to, at + 8, digits(bits & 0xffff_ffffL));
  }

  /// Returns the eight digits of 32 bits, a byte each, the first on top. All at once: paths are
  /// made of digests for every chunk, and 64 digits one by one take longer than it has to.
  private static long digits(long bits) {
    long x = (bits | bits << 16) & 0x0000_ffff_0000_ffffL;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ffL;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0fL; // one of 0 to 15 in each byte
    long letters = (x + 0x0606_0606_0606_0606L) >>> 4 & 0x0101_0101_0101_0101L; // 1 from 10 on
    return x + 0x3030_3030_3030_3030L + letters * ('a' - '0' - 10);
  }

  @Override
  public int compareTo(Digest other) {
    int order = Long.compareUnsigned(a, other.a);
    order = order != 0 ? order : Long.compareUnsigned(b, other.b);
    order = order != 0 ? order : Long.compareUnsigned(c, other.c);
    return order != 0 ? order : Long.compareUnsigned(d, other.d);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(a);
  }

  /// Returns the text form.
  @Override
  public String toString() {
    return PREFIX + hex();
  }
}
