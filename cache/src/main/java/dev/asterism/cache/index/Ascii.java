package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A growing buffer of ASCII text. Confined to one thread.
final class Ascii {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private byte[] bytes = new byte[1 << 16];
  private int size;

  /// Adds text of ASCII characters that JSON does not escape.
  Ascii text(String text) {
    reserve(text.length());
    for (int i = 0; i < text.length(); i++) {
      bytes[size++] = (byte) text.charAt(i);
    }
    return this;
  }

  Ascii number(long number) {
    return text(Long.toString(number));
  }

  /// Adds the 64 digits of a digest.
  Ascii digest(Digest digest) {
    reserve(2 * Digest.SIZE);
    hex(digest.a());
    hex(digest.b());
    hex(digest.c());
    hex(digest.d());
    return this;
  }

  private void hex(long bits) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      bytes[size++] = HEX[(int) (bits >>> shift) & 0xf];
    }
  }

  /// Writes 8 hex digits over those that stand at `position`.
  void hexAt(int position, int bits) {
    for (int i = 0; i < 8; i++) {
      bytes[position + i] = HEX[bits >>> (28 - 4 * i) & 0xf];
    }
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
    }
  }

  int size() {
    return size;
  }

  /// Returns the text from `from` on; valid until the next change.
  ByteBuffer slice(int from) {
    return ByteBuffer.wrap(bytes, from, size - from);
  }

  void clear() {
    size = 0;
  }
}
