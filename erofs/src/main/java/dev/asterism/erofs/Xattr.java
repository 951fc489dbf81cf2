package dev.asterism.erofs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/// One extended attribute as the format keeps it: a number for the namespace, the rest of the name,
/// the value. Immutable: nobody writes to the arrays.
final class Xattr implements Comparable<Xattr> {
  /// Longest name, prefix included (`XATTR_NAME_MAX`, linux/limits.h).
  static final int MAX_NAME = 255;

  /// Longest value: its size is a 16-bit field.
  static final int MAX_VALUE = 0xFFFF;

  /// `EROFS_XATTR_INDEX_*`. Others (lustre's) are not readable on Linux.
  enum Namespace {
    USER(1, "user."),
    POSIX_ACL_ACCESS(2, "system.posix_acl_access"),
    POSIX_ACL_DEFAULT(3, "system.posix_acl_default"),
    TRUSTED(4, "trusted."),
    SECURITY(6, "security.");

    final int index;
    final String prefix;

    Namespace(int index, String prefix) {
      this.index = index;
      this.prefix = prefix;
    }

    /// Tells whether its prefix is the whole name.
    boolean isWholeName() {
      return this == POSIX_ACL_ACCESS || this == POSIX_ACL_DEFAULT;
    }
  }

  static final Xattr METACOPY = trusted("overlay.metacopy", new byte[0]);
  static final Xattr OPAQUE = trusted("overlay.opaque", new byte[] {'y'});

  /// Marks a directory that no entry names. In overlayfs's private namespace, so that no container
  /// sees it; overlayfs itself does not know it.
  static final Xattr IMPLICIT = trusted("overlay.asterism.implicit", new byte[0]);

  private static final byte[] REDIRECT = "overlay.redirect".getBytes(StandardCharsets.US_ASCII);

  private final int index;
  private final byte[] name;
  private final byte[] value;

  Xattr(int index, byte[] name, byte[] value) {
    this.index = index;
    this.name = name;
    this.value = value;
  }

  /// Returns the attribute with this full name; empty if the format, or the kernel reading it,
  /// cannot represent it.
  static Optional<Xattr> of(byte[] fullName, byte[] value) {
    for (Namespace namespace : Namespace.values()) {
      byte[] prefix = EntryPath.utf8(namespace.prefix);
      int length = prefix.length;
      boolean fits = namespace.isWholeName() ? fullName.length == length : fullName.length > length;
      if (fits && Arrays.equals(fullName, 0, length, prefix, 0, length)) {
        byte[] name = Arrays.copyOfRange(fullName, length, fullName.length);
        return Optional.of(new Xattr(namespace.index, name, value));
      }
    }
    return Optional.empty();
  }

  /// Returns the attribute that tells overlayfs where a file's bytes are.
  static Xattr redirect(byte[] path) {
    return new Xattr(Namespace.TRUSTED.index, REDIRECT, path);
  }

  /// Returns which namespace it is in ([Namespace]).
  int index() {
    return index;
  }

  /// Returns what follows the namespace's prefix; empty for the two ACLs.
  byte[] name() {
    return name;
  }

  byte[] value() {
    return value;
  }

  boolean isRedirect() {
    return index == Namespace.TRUSTED.index && Arrays.equals(name, REDIRECT);
  }

  boolean isTrusted() {
    return index == Namespace.TRUSTED.index;
  }

  boolean hasNameOf(Xattr other) {
    return index == other.index && Arrays.equals(name, other.name);
  }

  /// Returns the full name as text; empty if the namespace is not one that Linux reads.
  Optional<String> fullName() {
    for (Namespace namespace : Namespace.values()) {
      if (namespace.index == index) {
        return Optional.of(namespace.prefix + new String(name, StandardCharsets.UTF_8));
      }
    }
    return Optional.empty();
  }

  /// Returns the bytes that it takes in an image: header, name and value, padded to 4.
  int encodedSize() {
    return (ErofsFormat.XATTR_ENTRY_SIZE + name.length + value.length + 3) & ~3;
  }

  Xattr withValue(byte[] other) {
    return new Xattr(index, name, other);
  }

  /// By namespace, then name: the order in which attributes are written.
  @Override
  public int compareTo(Xattr other) {
    int order = Integer.compare(index, other.index);
    return order != 0 ? order : Arrays.compareUnsigned(name, other.name);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Xattr xattr && hasNameOf(xattr) && Arrays.equals(value, xattr.value);
  }

  @Override
  public int hashCode() {
    return (index * 31 + Arrays.hashCode(name)) * 31 + Arrays.hashCode(value);
  }

  private static Xattr trusted(String name, byte[] value) {
    return new Xattr(Namespace.TRUSTED.index, name.getBytes(StandardCharsets.US_ASCII), value);
  }
}
