package dev.asterism.erofs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The path of an entry within a layer: names joined by `/`, from the layer's root. Immutable.
///
/// Names are bytes; they need not be UTF-8. Cleaned lexically, as containerd cleans them: `.`,
/// empty names and slashes at the ends are gone, `..` takes a name away and stops at the root. So
/// no name in it is `.` or `..`. The root itself is the empty path.
public final class EntryPath {
  /// The layer's root.
  public static final EntryPath ROOT = new EntryPath(new byte[0]);

  private static final String REPLACEMENT = "\uFFFD";

  private final byte[] bytes;

  private EntryPath(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Cleans a path in UTF-8. A surrogate without its partner becomes U+FFFD, as in Go's JSON.
  public static EntryPath of(String path) {
    return of(utf8(path));
  }

  /// Cleans a path that is any bytes. The array is not kept.
  public static EntryPath of(byte[] path) {
    byte[] clean = new byte[path.length];
    int length = 0;
    int at = 0;
    while (at < path.length) {
      int end = at;
      while (end < path.length && path[end] != '/') {
        end++;
      }
      if (isParent(path, at, end)) {
        length = parentLength(clean, length);
      } else if (end > at && !isSelf(path, at, end)) {
        if (length > 0) {
          clean[length++] = '/';
        }
        System.arraycopy(path, at, clean, length, end - at);
        length += end - at;
      }
      at = end + 1;
    }
    return length == 0 ? ROOT : new EntryPath(Arrays.copyOf(clean, length));
  }

  /// Tells whether it is the layer's root.
  public boolean isRoot() {
    return bytes.length == 0;
  }

  /// Returns its bytes, without a slash at either end, a new array.
  public byte[] toBytes() {
    return bytes.clone();
  }

  /// Returns the path as text, for messages; bytes that are not UTF-8 become U+FFFD.
  @Override
  public String toString() {
    return bytes.length == 0 ? "/" : new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EntryPath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// Returns the bytes themselves, not to be written to.
  byte[] bytes() {
    return bytes;
  }

  /// Returns the path of the file `name[0..length)` in this directory.
  EntryPath resolve(byte[] name, int length) {
    int start = bytes.length == 0 ? 0 : bytes.length + 1;
    byte[] path = Arrays.copyOf(bytes, start + length);
    if (start > 0) {
      path[start - 1] = '/';
    }
    System.arraycopy(name, 0, path, start, length);
    return new EntryPath(path);
  }

  /// Returns where the last name starts; 0 in a path of one name.
  int lastNameStart() {
    int at = bytes.length;
    while (at > 0 && bytes[at - 1] != '/') {
      at--;
    }
    return at;
  }

  /// Returns UTF-8; a surrogate without its partner becomes U+FFFD.
  static byte[] utf8(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return utf8Repaired(text);
      }
    }
    return bytes;
  }

  private static byte[] utf8Repaired(String text) {
    StringBuilder repaired = new StringBuilder(text.length());
    text.codePoints()
        .forEach(point -> {
          if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
            repaired.append(REPLACEMENT);
          } else {
            repaired.appendCodePoint(point);
          }
        });
    return repaired.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isSelf(byte[] path, int start, int end) {
    return end - start == 1 && path[start] == '.';
  }

  private static boolean isParent(byte[] path, int start, int end) {
    return end - start == 2 && path[start] == '.' && path[start + 1] == '.';
  }

  private static int parentLength(byte[] clean, int length) {
    int at = length;
    while (at > 0 && clean[at - 1] != '/') {
      at--;
    }
    return Math.max(0, at - 1);
  }
}
