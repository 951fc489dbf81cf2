package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Which extended attributes of a layer get into an image, and as what.
///
/// - `trusted.*`: never. In our image they would steer overlayfs: a layer could name any object of
///   the store as its own. containerd leaves them out as well.
/// - `user.*`: on regular files and directories, the only ones Linux reads them from.
/// - `security.*`: always.
/// - `system.posix_acl_access` and `_default`: as a disk file system would hold them ([PosixAcl]).
///   A new file has from its directory's default ACL what a disk would give it.
/// - anything else cannot be represented and is left out, as containerd leaves out what the disk's
///   file system refuses.
final class XattrRules {
  private static final String ACCESS = "system.posix_acl_access";
  private static final String DEFAULT = "system.posix_acl_default";
  private static final String CAPABILITY = "security.capability";
  private static final byte[] NO_NAME = new byte[0];

  /// Bytes for the attributes of one file, our own aside: the count of 4-byte units behind an inode
  /// is a 16-bit field.
  private static final int MAX_SET = (0xFFFF << 2) - (8 << 10);

  private XattrRules() {}

  /// Returns what is kept, sorted.
  ///
  /// @throws MalformedLayerException if a name, a value or all together are longer than the format
  ///   holds, or an ACL is none
  static List<Xattr> select(Map<String, byte[]> xattrs, FileType type, int mode, EntryPath path)
      throws MalformedLayerException {
    if (xattrs.isEmpty()) {
      return List.of();
    }
    List<Xattr> kept = new ArrayList<>(xattrs.size());
    for (Map.Entry<String, byte[]> given : xattrs.entrySet()) {
      Optional<Xattr> xattr = select(given.getKey(), given.getValue(), type, mode, path);
      if (xattr.isPresent()) {
        kept.add(xattr.get());
      }
    }
    return sorted(kept, path);
  }

  /// Returns the default ACL among a directory's attributes.
  static Optional<Xattr> defaultAcl(List<Xattr> xattrs) {
    return xattrs.stream()
        .filter(xattr -> xattr.index() == Xattr.Namespace.POSIX_ACL_DEFAULT.index)
        .findFirst();
  }

  /// Returns what a new file has: what it is given, and for an ACL that it is not given what its
  /// directory's default ACL makes of one (`posix_acl_create`, linux/fs/posix_acl.c), under a later
  /// chmod to `mode`.
  ///
  /// @param given whether its entry names an attribute, even one that `own` does not keep
  /// @param defaultAcl of its directory
  static List<Xattr> inherit(
      Predicate<String> given,
      List<Xattr> own,
      Xattr defaultAcl,
      FileType type,
      int mode,
      EntryPath path)
      throws MalformedLayerException {
    if (type == FileType.SYMLINK) {
      return own;
    }
    PosixAcl list = acl(DEFAULT, defaultAcl.value(), path);
    List<Xattr> all = new ArrayList<>(own);
    if (!given.test(ACCESS)) {
      list.underMode(mode)
          .map(value -> new Xattr(Xattr.Namespace.POSIX_ACL_ACCESS.index, NO_NAME, value))
          .ifPresent(all::add);
    }
    if (type == FileType.DIRECTORY && !given.test(DEFAULT)) {
      all.add(defaultAcl);
    }
    return sorted(all, path);
  }

  /// Returns what a file has after an entry for what is there already: chown(2) takes the
  /// capability away, all but from a directory; setxattr(2) adds and replaces; chmod(2) changes the
  /// ACL that stays.
  ///
  /// @param older what it had
  /// @param given what the entry says, [#select] of it is `newer`
  static List<Xattr> change(
      List<Xattr> older,
      Map<String, byte[]> given,
      List<Xattr> newer,
      FileType type,
      int mode,
      EntryPath path)
      throws MalformedLayerException {
    List<Xattr> both = new ArrayList<>(newer);
    for (Xattr xattr : older) {
      String name = xattr.fullName().orElse("");
      boolean taken = name.equals(CAPABILITY) && type != FileType.DIRECTORY;
      if (taken || given.containsKey(name) || newer.stream().anyMatch(xattr::hasNameOf)) {
        continue;
      }
      if (name.equals(ACCESS)) {
        acl(name, xattr.value(), path).underMode(mode).map(xattr::withValue).ifPresent(both::add);
      } else {
        both.add(xattr);
      }
    }
    return sorted(both, path);
  }

  private static List<Xattr> sorted(List<Xattr> xattrs, EntryPath path)
      throws MalformedLayerException {
    int size = xattrs.stream().mapToInt(Xattr::encodedSize).sum();
    if (size > MAX_SET) {
      throw TreeBuilder.malformed(
          path, "has %d bytes of xattrs, at most %d fit".formatted(size, MAX_SET));
    }
    Collections.sort(xattrs);
    return xattrs;
  }

  private static Optional<Xattr> select(
      String fullName, byte[] value, FileType type, int mode, EntryPath path)
      throws MalformedLayerException {
    Optional<Xattr> xattr = Xattr.of(EntryPath.utf8(fullName), value);
    if (xattr.isEmpty() || xattr.get().isTrusted()) {
      return Optional.empty();
    }
    if (fullName.indexOf(0) >= 0 || EntryPath.utf8(fullName).length > Xattr.MAX_NAME) {
      throw TreeBuilder.malformed(
          path, "has an xattr name of %d characters or with a NUL".formatted(fullName.length()));
    }
    if (value.length > Xattr.MAX_VALUE) {
      throw TreeBuilder.malformed(
          path,
          "xattr %s has %d bytes, at most %d fit"
              .formatted(fullName, value.length, Xattr.MAX_VALUE));
    }
    return switch (fullName) {
      case ACCESS ->
          type == FileType.SYMLINK
              ? Optional.empty()
              : acl(fullName, value, path).underMode(mode).map(xattr.get()::withValue);
      case DEFAULT ->
          type == FileType.DIRECTORY
              ? acl(fullName, value, path).encoded().map(xattr.get()::withValue)
              : Optional.empty();
      default -> isReadable(xattr.get(), type) ? xattr : Optional.empty();
    };
  }

  private static boolean isReadable(Xattr xattr, FileType type) {
    return xattr.index() != Xattr.Namespace.USER.index
        || type == FileType.REGULAR
        || type == FileType.DIRECTORY;
  }

  private static PosixAcl acl(String name, byte[] value, EntryPath path)
      throws MalformedLayerException {
    return PosixAcl.decode(value)
        .orElseThrow(
            () -> TreeBuilder.malformed(path, "xattr %s is not a POSIX ACL".formatted(name)));
  }
}
