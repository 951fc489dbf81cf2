package dev.asterism.linux;

/// What the kernel says of a file: the part of `struct statx` that somebody here reads. Immutable.
///
/// @param device major and minor of the file system, as [#device(int, int)] packs them
/// @param inode number within the device
/// @param links names that this inode has
/// @param mode type and permission bits (`st_mode`)
/// @param size bytes
/// @param blocks units of 512 bytes that are allocated
/// @param changed when the inode last changed, its links included (`st_ctime`): whole seconds of
///   the epoch
public record FileStatus(
    long device, long inode, long links, int mode, long size, long blocks, long changed) {
  private static final int TYPE = 0170000; // S_IFMT, linux/stat.h
  private static final int REGULAR = 0100000; // S_IFREG
  private static final int DIRECTORY = 0040000; // S_IFDIR

  /// Packs a device number so that equal devices give equal numbers.
  static long device(int major, int minor) {
    return Integer.toUnsignedLong(major) << 32 | Integer.toUnsignedLong(minor);
  }

  /// Returns the bytes that are allocated.
  public long allocated() {
    return blocks * 512;
  }

  /// Tells whether it is an ordinary file.
  public boolean isRegular() {
    return (mode & TYPE) == REGULAR;
  }

  /// Tells whether both are names of one file.
  public boolean isSameFile(FileStatus other) {
    return device == other.device && inode == other.inode;
  }

  /// Tells whether it is a directory.
  public boolean isDirectory() {
    return (mode & TYPE) == DIRECTORY;
  }
}
