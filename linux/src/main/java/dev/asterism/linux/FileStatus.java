package dev.asterism.linux;

/// What the kernel says of a file: the part of `struct statx` that somebody here reads. Immutable.
///
/// @param device major and minor of the file system, as [#device(int, int)] packs them
/// @param inode number within the device
/// @param links names that this inode has
/// @param mode type and permission bits (`st_mode`)
/// @param size bytes
/// @param blocks units of 512 bytes that are allocated
public record FileStatus(long device, long inode, long links, int mode, long size, long blocks) {
  private static final int S_IFMT = 0170000; // linux/stat.h
  private static final int S_IFDIR = 0040000;

  /// Packs a device number so that equal devices give equal numbers.
  static long device(int major, int minor) {
    return Integer.toUnsignedLong(major) << 32 | Integer.toUnsignedLong(minor);
  }

  /// Tells whether both are names of one file.
  public boolean isSameFile(FileStatus other) {
    return device == other.device && inode == other.inode;
  }

  /// Tells whether it is a directory.
  public boolean isDirectory() {
    return (mode & S_IFMT) == S_IFDIR;
  }
}
