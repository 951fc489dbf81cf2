package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.BLOCK_BITS;
import static dev.asterism.erofs.ErofsFormat.BLOCK_SIZE;
import static dev.asterism.erofs.ErofsFormat.INODE_SIZE;
import static dev.asterism.erofs.ErofsFormat.NID_BITS;

import dev.asterism.content.MalformedLayerException;

/// Where everything of a tree goes in its image.
///
/// Block 0 holds the superblock; then come the inodes, each with its attributes and its short data
/// (a symlink's target, a directory's last block); then the attributes that several files share;
/// then the blocks of large directories and long targets. The inodes of a directory's children
/// stand together, directories in preorder: `ls -l` reads a stretch.
final class Layout {
  private final Tree tree;
  private final SharedXattrs sharedXattrs;
  private final int[] nids;
  private final int[] dataBlocks;
  private long end = BLOCK_SIZE;
  private long blockCount;

  private Layout(Tree tree) {
    this.tree = tree;
    int[] uses = new int[tree.xattrSets().size()];
    InodeOrder.visit(tree, (inode, _) -> uses[tree.inodes().xattrs(inode)]++);
    this.sharedXattrs = SharedXattrs.of(tree.xattrSets(), uses);
    this.nids = new int[tree.inodes().size()];
    this.dataBlocks = new int[tree.inodes().size()];
  }

  /// @throws MalformedLayerException if the image would be too large for the format
  static Layout of(Tree tree) throws MalformedLayerException {
    Layout layout = new Layout(tree);
    InodeOrder.visit(tree, layout::add);
    if (layout.end >> NID_BITS > Integer.MAX_VALUE || layout.blocks() > Integer.MAX_VALUE) {
      throw ErofsFormat.malformed("the metadata of one image takes %d bytes".formatted(layout.end));
    }
    return layout;
  }

  private void add(int inode, int parent) {
    int xattrs = XattrBody.of(tree, inode, sharedXattrs).size();
    InodeData data = InodeData.of(tree, inode, parent, xattrs);
    long start = place(xattrs, data);
    nids[inode] = (int) (start >> NID_BITS);
    dataBlocks[inode] = (int) blockCount;
    blockCount += data.blocks();
    end = start + INODE_SIZE + xattrs + data.inlineSize();
  }

  /// Returns an inode's number.
  int nid(int inode) {
    return nids[inode];
  }

  /// Returns where the inode starts in the image.
  long start(int inode) {
    return Integer.toUnsignedLong(nids[inode]) << NID_BITS;
  }

  /// Returns the block where the inode's data outside starts.
  long dataBlock(int inode) {
    return firstDataBlock() + dataBlocks[inode];
  }

  SharedXattrs sharedXattrs() {
    return sharedXattrs;
  }

  /// Returns the block where the shared attributes start.
  long xattrBlock() {
    return blocksFor(end);
  }

  long firstDataBlock() {
    return xattrBlock() + blocksFor(sharedXattrs.size());
  }

  /// Returns the image's blocks.
  long blocks() {
    return firstDataBlock() + blockCount;
  }

  /// Returns where the next inode can start: within one block, as its inline data must be.
  private long place(int xattrs, InodeData data) {
    long unit = 1L << NID_BITS;
    long start = (end + unit - 1) & -unit;
    int size = INODE_SIZE + (data.mustNotCross() ? xattrs + data.inlineSize() : 0);
    return fits(start, size) ? start : nextBlock(start);
  }

  private static boolean fits(long start, long size) {
    return (start & (BLOCK_SIZE - 1)) + size <= BLOCK_SIZE;
  }

  private static long nextBlock(long position) {
    return blocksFor(position) << BLOCK_BITS;
  }

  private static long blocksFor(long size) {
    return (size + BLOCK_SIZE - 1) >> BLOCK_BITS;
  }
}
