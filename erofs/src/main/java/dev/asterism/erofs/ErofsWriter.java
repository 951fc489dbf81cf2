package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.BLOCK_BITS;
import static dev.asterism.erofs.ErofsFormat.BLOCK_SIZE;
import static dev.asterism.erofs.ErofsFormat.INODE_SIZE;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/// Writes a tree as an EROFS image that Linux 6.5 and later mounts and `fsck.erofs` accepts.
///
/// The same tree gives the same bytes. A regular file with content is a hole of its size with
/// `trusted.overlay.metacopy` and `trusted.overlay.redirect`; an opaque directory has
/// `trusted.overlay.opaque`; a whiteout is character device 0:0. The volume's UUID is made from the
/// image's bytes, so that overlayfs can tell images apart.
public final class ErofsWriter {
  private final Tree tree;
  private final Inodes inodes;
  private final Layout layout;
  private final BlockOutput out;
  private int inodeNumber;

  private ErofsWriter(Tree tree, Layout layout, BlockOutput out) {
    this.tree = tree;
    this.inodes = tree.inodes();
    this.layout = layout;
    this.out = out;
  }

  /// Writes the image of `tree` to a new file. Does not sync it.
  ///
  /// @throws MalformedLayerException if the image would be too large for the format
  /// @throws IOException if the file exists or cannot be written; what was written of it stays
  public static void write(Tree tree, Path file) throws IOException {
    Layout layout = Layout.of(tree);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.position(BLOCK_SIZE);
      BlockOutput out = new BlockOutput(channel, BLOCK_SIZE);
      Digest digest = new ErofsWriter(tree, layout, out).writeBody();
      ByteBuffer superblock = superblock(tree, layout, digest);
      long at = 0;
      while (superblock.hasRemaining()) {
        at += channel.write(superblock, at);
      }
    }
  }

  private Digest writeBody() throws IOException {
    InodeOrder.visit(tree, this::writeInode);
    out.padTo(layout.xattrBlock() << BLOCK_BITS);
    for (Xattr xattr : layout.sharedXattrs().inOrder()) {
      XattrBody.write(xattr, out);
    }
    out.padTo(layout.firstDataBlock() << BLOCK_BITS);
    InodeOrder.visit(tree, this::writeBlocks);
    out.padTo(layout.blocks() << BLOCK_BITS);
    return out.finish();
  }

  private void writeInode(int inode, int parent) throws IOException {
    XattrBody xattrs = XattrBody.of(tree, inode, layout.sharedXattrs());
    InodeData data = InodeData.of(tree, inode, parent, xattrs.size());
    out.padTo(layout.start(inode));
    ByteBuffer to = out.reserve(INODE_SIZE);
    to.putShort((short) (ErofsFormat.INODE_VERSION_EXTENDED | data.layout() << 1));
    to.putShort((short) xattrs.unitCount());
    to.putShort((short) inodes.mode(inode));
    to.putShort((short) 0);
    to.putLong(data.size());
    to.putInt(unionField(inode, data));
    to.putInt(++inodeNumber);
    to.putInt(inodes.uid(inode));
    to.putInt(inodes.gid(inode));
    to.putLong(inodes.seconds(inode));
    to.putInt(inodes.nanos(inode));
    to.putInt(inodes.links(inode));
    to.putLong(0).putLong(0);
    xattrs.write(out);
    writeInline(inode, parent, data);
  }

  /// Returns the field that depends on the type: a block, a device, or the size of chunks.
  private int unionField(int inode, InodeData data) {
    return switch (inodes.type(inode)) {
      case CHARACTER_DEVICE, BLOCK_DEVICE -> inodes.payload(inode);
      case REGULAR ->
          data.layout() == ErofsFormat.LAYOUT_CHUNK_BASED
              ? ErofsFormat.chunkBits(data.size()) - BLOCK_BITS
              : 0;
      case DIRECTORY, SYMLINK -> data.blocks() > 0 ? (int) layout.dataBlock(inode) : 0;
      case FIFO -> 0;
    };
  }

  private void writeInline(int inode, int parent, InodeData data) throws IOException {
    if (data.layout() == ErofsFormat.LAYOUT_CHUNK_BASED) {
      for (int i = 0; i < data.inlineSize(); i += 4) {
        out.reserve(4).putInt(ErofsFormat.NULL_BLOCK);
      }
    } else if (data.inlineSize() > 0 && inodes.is(inode, FileType.SYMLINK)) {
      writeTarget(inode);
    } else if (data.inlineSize() > 0) {
      writeDirectory(inode, parent, data.blocks(), data.blocks() + 1);
    }
  }

  private void writeBlocks(int inode, int parent) throws IOException {
    boolean symlink = inodes.is(inode, FileType.SYMLINK);
    if (!symlink && !inodes.is(inode, FileType.DIRECTORY)) {
      return;
    }
    int xattrs = XattrBody.of(tree, inode, layout.sharedXattrs()).size();
    InodeData data = InodeData.of(tree, inode, parent, xattrs);
    if (data.blocks() == 0) {
      return;
    }
    out.padTo(layout.dataBlock(inode) << BLOCK_BITS);
    if (symlink) {
      writeTarget(inode);
    } else {
      writeDirectory(inode, parent, 0, data.blocks());
    }
  }

  private void writeTarget(int symlink) throws IOException {
    int ref = inodes.payload(symlink);
    ByteArena arena = tree.arena();
    out.write(arena.page(ref), arena.start(ref), arena.length(ref));
  }

  /// Writes blocks `first` to `end` of a directory, all but the last block of it padded.
  private void writeDirectory(int directory, int parent, int first, int end) throws IOException {
    DirectoryBlocks blocks = new DirectoryBlocks(tree, directory, parent);
    int entry = 0;
    for (int block = 0; block < end; block++) {
      int next = blocks.blockEnd(entry);
      if (block >= first) {
        long start = out.position();
        blocks.write(entry, next, layout::nid, out.reserve(BLOCK_SIZE));
        if (next < blocks.count()) {
          out.padTo(start + BLOCK_SIZE);
        }
      }
      entry = next;
    }
  }

  private static ByteBuffer superblock(Tree tree, Layout layout, Digest body) {
    ByteBuffer block = ByteBuffer.allocate(BLOCK_SIZE).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer fields =
        block
            .slice(ErofsFormat.SUPERBLOCK_OFFSET, BLOCK_SIZE - ErofsFormat.SUPERBLOCK_OFFSET)
            .order(ByteOrder.LITTLE_ENDIAN);
    fields.putInt(0, ErofsFormat.MAGIC);
    fields.putInt(
        ErofsFormat.SB_FEATURE_COMPAT,
        ErofsFormat.FEATURE_COMPAT_CHECKSUM | ErofsFormat.FEATURE_COMPAT_MTIME);
    fields.put(ErofsFormat.SB_BLOCK_BITS, (byte) BLOCK_BITS);
    fields.putShort(ErofsFormat.SB_ROOT_NID, (short) layout.nid(tree.root()));
    fields.putLong(ErofsFormat.SB_INODES, tree.inodeCount());
    fields.putInt(ErofsFormat.SB_BLOCKS, (int) layout.blocks());
    fields.putInt(ErofsFormat.SB_META_BLOCK, 0);
    fields.putInt(ErofsFormat.SB_XATTR_BLOCK, (int) layout.xattrBlock());
    putUuid(fields, body);
    fields.putInt(ErofsFormat.SB_FEATURE_INCOMPAT, ErofsFormat.FEATURE_INCOMPAT_CHUNKED_FILE);
    fields.putInt(ErofsFormat.SB_CHECKSUM, checksum(fields));
    return block;
  }

  /// UUID version 8 (RFC 9562): 122 bits of the body's digest.
  private static void putUuid(ByteBuffer fields, Digest body) {
    byte[] uuid = body.toBytes();
    uuid[6] = (byte) ((uuid[6] & 0x0F) | 0x80);
    uuid[8] = (byte) ((uuid[8] & 0x3F) | 0x80);
    fields.put(ErofsFormat.SB_UUID, uuid, 0, 16);
  }

  /// Returns the CRC-32C of the superblock's block from the superblock on, its own field 0, not
  /// inverted at the end (`erofs_superblock_csum_verify`).
  static int checksum(ByteBuffer fields) {
    ByteBuffer copy = ByteBuffer.allocate(fields.capacity()).put(0, fields, 0, fields.capacity());
    copy.putInt(ErofsFormat.SB_CHECKSUM, 0);
    CRC32C crc = new CRC32C();
    crc.update(copy);
    return ~(int) crc.getValue();
  }
}
