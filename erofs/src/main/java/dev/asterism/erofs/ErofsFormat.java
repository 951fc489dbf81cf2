package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.Optional;

/// Numbers of the on-disk format: Linux, `fs/erofs/erofs_fs.h`. All integers are little endian.
final class ErofsFormat {
  static final int BLOCK_BITS = 12;
  static final int BLOCK_SIZE = 1 << BLOCK_BITS;

  static final int SUPERBLOCK_OFFSET = 1024;
  static final int MAGIC = 0xE0F5E1E2;
  static final int FEATURE_COMPAT_CHECKSUM = 0x1;
  static final int FEATURE_COMPAT_MTIME = 0x2;
  static final int FEATURE_INCOMPAT_CHUNKED_FILE = 0x4;

  /// Offsets of the superblock's fields from its start.
  static final int SB_CHECKSUM = 4;

  static final int SB_FEATURE_COMPAT = 8;
  static final int SB_BLOCK_BITS = 12;
  static final int SB_ROOT_NID = 14;
  static final int SB_INODES = 16;
  static final int SB_BLOCKS = 36;
  static final int SB_META_BLOCK = 40;
  static final int SB_XATTR_BLOCK = 44;
  static final int SB_UUID = 48;
  static final int SB_FEATURE_INCOMPAT = 80;
  static final int SB_EXTRA_DEVICES = 86;
  static final int SB_DIR_BLOCK_BITS = 90;

  /// An inode's number is its offset from the metadata area in units of this.
  static final int NID_BITS = 5;

  static final int INODE_SIZE = 64;
  static final int INODE_VERSION_EXTENDED = 1;
  static final int LAYOUT_FLAT_PLAIN = 0;
  static final int LAYOUT_FLAT_INLINE = 2;
  static final int LAYOUT_CHUNK_BASED = 4;

  static final int XATTR_HEADER_SIZE = 12;
  static final int XATTR_ENTRY_SIZE = 4;

  /// Most attributes of one inode that can lie in the shared area: their count is one byte.
  static final int MAX_SHARED_XATTRS = 255;

  static final int DIRENT_SIZE = 12;
  static final int MAX_NAME = 255;

  /// Largest chunk: 31 + 12 bits, 8 TiB.
  static final int MAX_CHUNK_BITS = 31 + BLOCK_BITS;

  static final int NULL_BLOCK = -1;

  /// Largest regular file: 1 PiB, 128 chunks of the largest size.
  static final long MAX_FILE_SIZE = 1L << 50;

  /// Longest symlink target: `PATH_MAX` - 1.
  static final int MAX_SYMLINK = 4095;

  private ErofsFormat() {}

  /// Returns the bits of the smallest chunk that covers a file of `size` bytes, or of the largest
  /// chunk there is.
  static int chunkBits(long size) {
    int bits = Long.SIZE - Long.numberOfLeadingZeros(size - 1);
    return Math.clamp(bits, BLOCK_BITS, MAX_CHUNK_BITS);
  }

  /// Returns how many chunks a file has.
  static int chunkCount(long size, int chunkBits) {
    return Math.toIntExact((size + (1L << chunkBits) - 1) >>> chunkBits);
  }

  /// Returns a device number as 32 bits: 12 bits major, 20 bits minor (`new_encode_dev`,
  /// linux/kdev_t.h); empty if it has more.
  static Optional<Integer> encodeDevice(long major, long minor) {
    if (major < 0 || major > 0xFFF || minor < 0 || minor > 0xFFFFF) {
      return Optional.empty();
    }
    return Optional.of((int) ((minor & 0xFF) | (major << 8) | ((minor & ~0xFFL) << 12)));
  }

  static int deviceMajor(int device) {
    return device >>> 8 & 0xFFF;
  }

  static int deviceMinor(int device) {
    return (device & 0xFF) | (device >>> 12 & 0xFFF00);
  }

  static MalformedLayerException malformed(String message) {
    return new MalformedLayerException(MalformedLayerException.UNKNOWN_OFFSET, message);
  }
}
