package dev.asterism.fuse;

import java.time.Instant;

/// What `stat(2)` shows of a node. Immutable.
///
/// @param ino inode number
/// @param size bytes of content; of a symlink, bytes of its target
/// @param blocks units of 512 bytes
/// @param mode type and permissions, as `st_mode`
/// @param nlink link count
/// @param rdev of a device, its number as [#device] makes it; else 0
/// @param blksize preferred size of a read, in bytes
public record Attributes(
    long ino,
    long size,
    long blocks,
    Instant atime,
    Instant mtime,
    Instant ctime,
    int mode,
    int nlink,
    int uid,
    int gid,
    int rdev,
    int blksize) {
  /// Type bits of a mode, `S_IFMT` of `linux/stat.h`.
  public static final int S_IFMT = 0xf000;

  /// Type of a directory.
  public static final int S_IFDIR = 0x4000;

  /// Type of a regular file.
  public static final int S_IFREG = 0x8000;

  /// Type of a symlink.
  public static final int S_IFLNK = 0xa000;

  /// Type of a character device.
  public static final int S_IFCHR = 0x2000;

  /// Attributes of nothing, for an answer that has none.
  static final Attributes NONE = of(0, 0, 0, Instant.EPOCH);

  /// Returns the attributes of a node with one link, owned by root, whose three times are `mtime`.
  ///
  /// @param mode type and permissions
  public static Attributes of(long ino, int mode, long size, Instant mtime) {
    return new Attributes(
        ino, size, (size + 511) / 512, mtime, mtime, mtime, mode, 1, 0, 0, 0, 4096);
  }

  /// Returns a device number as the kernel packs it into 32 bits (`new_encode_dev` of
  /// `linux/kdev_t.h`).
  ///
  /// @param major 12 bits
  /// @param minor 20 bits
  public static int device(int major, int minor) {
    return (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
  }
}
