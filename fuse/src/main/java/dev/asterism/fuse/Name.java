package dev.asterism.fuse;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One component of a path, or the name of an extended attribute: bytes, as Linux has it.
///
/// Most names are UTF-8, but nothing in the kernel says so. Two names are equal when their bytes
/// are; [#toString] is for people, and for names known to be UTF-8. Immutable.
public final class Name implements Comparable<Name> {
  private final byte[] bytes;

  private Name(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Returns the name that `text` is in UTF-8.
  public static Name of(String text) {
    return new Name(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Returns the name of these bytes, copied.
  public static Name of(byte[] bytes) {
    return new Name(bytes.clone());
  }

  /// Returns a copy of the bytes.
  public byte[] bytes() {
    return bytes.clone();
  }

  /// Returns the number of bytes.
  public int size() {
    return bytes.length;
  }

  /// Orders by unsigned bytes, as `strcmp` does.
  @Override
  public int compareTo(Name other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Name name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// Returns the name decoded as UTF-8, with U+FFFD for what is not.
  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
