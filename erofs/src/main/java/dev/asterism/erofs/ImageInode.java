package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.INODE_SIZE;

import dev.asterism.content.MalformedLayerException;

/// An inode of an image, decoded and checked. Immutable.
///
/// @param nid its number
/// @param mode type and permissions
/// @param xattrSize bytes of attributes behind the inode, 0 or more than their header
/// @param field block, device, or size of chunks
/// @param body where in the image its attributes start
record ImageInode(
    long nid,
    int layout,
    int mode,
    long size,
    int field,
    int uid,
    int gid,
    long seconds,
    int nanos,
    int links,
    int xattrSize,
    long body) {

  static ImageInode decode(ImageBytes in, long nid, long at) throws MalformedLayerException {
    in.check(at, INODE_SIZE);
    int format = in.unsignedShort(at);
    int xattrUnits = in.unsignedShort(at + 2);
    ImageInode inode =
        new ImageInode(
            nid,
            format >> 1,
            in.unsignedShort(at + 4),
            in.longInteger(at + 8),
            in.integer(at + 16),
            in.integer(at + 24),
            in.integer(at + 28),
            in.longInteger(at + 32),
            in.integer(at + 40),
            in.integer(at + 44),
            xattrUnits == 0 ? 0 : ErofsFormat.XATTR_HEADER_SIZE + 4 * (xattrUnits - 1),
            at + INODE_SIZE);
    inode.check(in, format);
    return inode;
  }

  FileType type() {
    return FileType.of(mode);
  }

  boolean is(FileType type) {
    return (mode & FileType.FORMAT_MASK) == type.format();
  }

  boolean isWhiteout() {
    return is(FileType.CHARACTER_DEVICE) && field == 0;
  }

  Stat stat() {
    boolean device = is(FileType.CHARACTER_DEVICE) || is(FileType.BLOCK_DEVICE);
    return new Stat(
        type(),
        mode & 07777,
        Integer.toUnsignedLong(uid),
        Integer.toUnsignedLong(gid),
        seconds,
        nanos,
        Integer.toUnsignedLong(links),
        size,
        device ? field : 0);
  }

  /// Returns where in the image the inline data starts.
  long inlineStart() {
    return body + xattrSize;
  }

  /// Returns where in the image the data from `offset`, the start of a block of it, is.
  ///
  /// @param last whether it is in the data's last block
  long dataStart(long offset, boolean last) {
    return last && layout == ErofsFormat.LAYOUT_FLAT_INLINE
        ? inlineStart()
        : (Integer.toUnsignedLong(field) << ErofsFormat.BLOCK_BITS) + offset;
  }

  private void check(ImageBytes in, int format) throws MalformedLayerException {
    if ((format & 1) != ErofsFormat.INODE_VERSION_EXTENDED || !FileType.isKnown(mode)) {
      throw malformed("format %d, mode %o".formatted(format, mode));
    }
    long limit =
        switch (type()) {
          case REGULAR -> ErofsFormat.MAX_FILE_SIZE;
          case DIRECTORY -> in.size();
          case SYMLINK -> ErofsFormat.MAX_SYMLINK;
          case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> 0;
        };
    boolean flat =
        layout == ErofsFormat.LAYOUT_FLAT_PLAIN || layout == ErofsFormat.LAYOUT_FLAT_INLINE;
    boolean hole = layout == ErofsFormat.LAYOUT_CHUNK_BASED && is(FileType.REGULAR);
    if (size < 0 || size > limit || !(hole || (flat && (size == 0 || !is(FileType.REGULAR))))) {
      throw malformed("mode %o, layout %d, size %d".formatted(mode, layout, size));
    }
    if (nanos < 0 || nanos > 999_999_999) {
      throw malformed("%d nanoseconds".formatted(nanos));
    }
    in.check(body, xattrSize);
  }

  private MalformedLayerException malformed(String what) {
    return ErofsFormat.malformed("metadata image, inode %d: %s".formatted(nid, what));
  }
}
