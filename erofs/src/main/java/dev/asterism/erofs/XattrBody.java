package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.XATTR_ENTRY_SIZE;
import static dev.asterism.erofs.ErofsFormat.XATTR_HEADER_SIZE;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The attributes behind one inode: numbers of shared ones, then its own.
///
/// @param shared numbers in the shared area, at most 255
/// @param inline written behind the inode, in this order
record XattrBody(List<Integer> shared, List<Xattr> inline) {
  static final XattrBody NONE = new XattrBody(List.of(), List.of());

  /// Returns what stands behind an inode: its own attributes, and what we tell overlayfs.
  static XattrBody of(Tree tree, int inode, SharedXattrs sharedXattrs) {
    Inodes inodes = tree.inodes();
    List<Xattr> own = tree.xattrSets().get(inodes.xattrs(inode));
    boolean steered =
        inodes.is(inode, Inodes.OPAQUE | Inodes.IMPLICIT) || hasContent(inodes, inode);
    if (own.isEmpty() && !steered) {
      return NONE;
    }
    List<Integer> shared = new ArrayList<>();
    List<Xattr> inline = new ArrayList<>();
    for (Xattr xattr : own) {
      if (sharedXattrs.contains(xattr) && shared.size() < ErofsFormat.MAX_SHARED_XATTRS) {
        shared.add(sharedXattrs.number(xattr));
      } else {
        inline.add(xattr);
      }
    }
    if (hasContent(inodes, inode)) {
      inline.add(Xattr.METACOPY);
      inline.add(Xattr.redirect(tree.content(inode)));
    }
    if (inodes.is(inode, Inodes.OPAQUE)) {
      inline.add(Xattr.OPAQUE);
    }
    if (inodes.is(inode, Inodes.IMPLICIT)) {
      inline.add(Xattr.IMPLICIT);
    }
    return new XattrBody(shared, inline);
  }

  static boolean hasContent(Inodes inodes, int inode) {
    return inodes.is(inode, FileType.REGULAR) && inodes.payload(inode) != Inodes.NO_PAYLOAD;
  }

  /// Returns the bytes it takes; 0 if there is no attribute.
  int size() {
    if (shared.isEmpty() && inline.isEmpty()) {
      return 0;
    }
    int size = XATTR_HEADER_SIZE + 4 * shared.size();
    for (Xattr xattr : inline) {
      size += xattr.encodedSize();
    }
    return size;
  }

  /// Returns what the inode says of its size: units of 4 bytes, the header counted as one.
  int unitCount() {
    int size = size();
    return size == 0 ? 0 : (size - XATTR_HEADER_SIZE) / 4 + 1;
  }

  void write(BlockOutput out) throws IOException {
    if (size() == 0) {
      return;
    }
    out.reserve(XATTR_HEADER_SIZE).putInt(0).put((byte) shared.size()).put(new byte[7]);
    for (int number : shared) {
      out.reserve(4).putInt(number);
    }
    for (Xattr xattr : inline) {
      write(xattr, out);
    }
  }

  /// Writes one entry, padded to 4 bytes.
  static void write(Xattr xattr, BlockOutput out) throws IOException {
    long end = out.position() + xattr.encodedSize();
    out.reserve(XATTR_ENTRY_SIZE)
        .put((byte) xattr.name().length)
        .put((byte) xattr.index())
        .putShort((short) xattr.value().length);
    out.write(xattr.name());
    out.write(xattr.value());
    out.padTo(end);
  }
}
