package dev.asterism.erofs;

/// What `stat(2)` says of a file in an image. Immutable.
///
/// @param permissions the mode without its type: `07777` at most
/// @param size bytes of a regular file or of a symlink's target; of a directory, its bytes in the
///   image
/// @param device number of a device as `st_rdev` has it in 32 bits; 0 for other types
public record Stat(
    FileType type,
    int permissions,
    long uid,
    long gid,
    long mtimeSeconds,
    int mtimeNanos,
    long links,
    long size,
    int device) {

  /// Returns type and permissions together, as `st_mode` has them.
  public int mode() {
    return type.format() | permissions;
  }

  /// Returns the device's major number.
  public int major() {
    return ErofsFormat.deviceMajor(device);
  }

  /// Returns the device's minor number.
  public int minor() {
    return ErofsFormat.deviceMinor(device);
  }

  /// Tells whether overlayfs takes it for a whiteout.
  public boolean isWhiteout() {
    return type == FileType.CHARACTER_DEVICE && device == 0;
  }
}
