package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.BLOCK_SIZE;
import static dev.asterism.erofs.ErofsFormat.INODE_SIZE;

/// How an inode's data is kept. Immutable.
///
/// @param layout `LAYOUT_*` of [ErofsFormat]
/// @param size what `st_size` says
/// @param inlineSize bytes behind the inode and its attributes: the last part of the data, or the
///   addresses of chunks
/// @param blocks of data elsewhere
record InodeData(int layout, long size, int inlineSize, int blocks) {

  /// @param xattrs bytes of attributes behind the inode
  static InodeData of(Tree tree, int inode, int parent, int xattrs) {
    Inodes inodes = tree.inodes();
    return switch (inodes.type(inode)) {
      case DIRECTORY -> flat(new DirectoryBlocks(tree, inode, parent).size(), xattrs);
      case SYMLINK -> flat(inodes.size(inode), xattrs);
      case REGULAR ->
          XattrBody.hasContent(inodes, inode)
              ? hole(inodes.size(inode))
              : new InodeData(ErofsFormat.LAYOUT_FLAT_PLAIN, 0, 0, 0);
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO ->
          new InodeData(ErofsFormat.LAYOUT_FLAT_PLAIN, 0, 0, 0);
    };
  }

  /// Tells whether inode, attributes and inline data must lie in one block.
  boolean mustNotCross() {
    return layout == ErofsFormat.LAYOUT_FLAT_INLINE;
  }

  private static InodeData flat(long size, int xattrs) {
    int tail = (int) (size & (BLOCK_SIZE - 1));
    int full = Math.toIntExact(size >> ErofsFormat.BLOCK_BITS);
    return tail > 0 && INODE_SIZE + xattrs + tail <= BLOCK_SIZE
        ? new InodeData(ErofsFormat.LAYOUT_FLAT_INLINE, size, tail, full)
        : new InodeData(ErofsFormat.LAYOUT_FLAT_PLAIN, size, 0, full + (tail > 0 ? 1 : 0));
  }

  private static InodeData hole(long size) {
    int chunks = ErofsFormat.chunkCount(size, ErofsFormat.chunkBits(size));
    return new InodeData(ErofsFormat.LAYOUT_CHUNK_BASED, size, 4 * chunks, 0);
  }
}
