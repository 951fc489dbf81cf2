package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.XATTR_ENTRY_SIZE;
import static dev.asterism.erofs.ErofsFormat.XATTR_HEADER_SIZE;

import dev.asterism.content.MalformedLayerException;
import java.util.ArrayList;
import java.util.List;

/// Reads the attributes of inodes. Thread-safe.
///
/// @param sharedStart where in the image the shared area starts
record ImageXattrs(ImageBytes in, long sharedStart) {

  /// Returns all of an inode's attributes, those for overlayfs too, in the order of the image.
  List<Xattr> read(ImageInode inode) throws MalformedLayerException {
    if (inode.xattrSize() == 0) {
      return List.of();
    }
    List<Xattr> xattrs = new ArrayList<>();
    int sharedCount = in.unsignedByte(inode.body() + 4);
    long at = inode.body() + XATTR_HEADER_SIZE;
    long end = inode.body() + inode.xattrSize();
    if (at + 4L * sharedCount > end) {
      throw ErofsFormat.malformed(
          "metadata image, inode %d: %d shared xattrs".formatted(inode.nid(), sharedCount));
    }
    for (int i = 0; i < sharedCount; i++) {
      long number = in.unsignedInteger(at);
      xattrs.add(entry(sharedStart + 4 * number, in.size()));
      at += 4;
    }
    while (at < end) {
      Xattr xattr = entry(at, end);
      xattrs.add(xattr);
      at += xattr.encodedSize();
    }
    return xattrs;
  }

  private Xattr entry(long at, long end) throws MalformedLayerException {
    int nameLength = in.unsignedByte(at);
    int index = in.unsignedByte(at + 1);
    int valueLength = in.unsignedShort(at + 2);
    long name = at + XATTR_ENTRY_SIZE;
    if (name + nameLength + valueLength > end) {
      throw ErofsFormat.malformed(
          "metadata image: xattr of %d + %d bytes at %d".formatted(nameLength, valueLength, at));
    }
    return new Xattr(index, in.copy(name, nameLength), in.copy(name + nameLength, valueLength));
  }
}
