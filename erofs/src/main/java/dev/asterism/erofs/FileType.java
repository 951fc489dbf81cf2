package dev.asterism.erofs;

/// The type of a file. The format bits are those of `stat(2)`, the codes those of a directory entry
/// (`FT_*` in `linux/fs_types.h`).
public enum FileType {
  /// A regular file.
  REGULAR(0x8000, 1),
  /// A directory.
  DIRECTORY(0x4000, 2),
  /// A character device; with number 0:0 a whiteout.
  CHARACTER_DEVICE(0x2000, 3),
  /// A block device.
  BLOCK_DEVICE(0x6000, 4),
  /// A named pipe.
  FIFO(0x1000, 5),
  /// A symbolic link.
  SYMLINK(0xA000, 7);

  static final int FORMAT_MASK = 0xF000;

  private static final FileType[] BY_FORMAT = new FileType[16];

  static {
    for (FileType type : values()) {
      BY_FORMAT[type.format >> 12] = type;
    }
  }

  private final int format;
  private final int direntCode;

  FileType(int format, int direntCode) {
    this.format = format;
    this.direntCode = direntCode;
  }

  /// Returns its bits in `st_mode`, e.g. `0x8000` for a regular file.
  public int format() {
    return format;
  }

  /// Returns its code in a directory entry.
  int direntCode() {
    return direntCode;
  }

  /// Tells whether `mode` has the format bits of a type listed here.
  static boolean isKnown(int mode) {
    return BY_FORMAT[(mode & FORMAT_MASK) >> 12] != null;
  }

  /// Returns the type that `mode` has; the caller knows that it is one of these.
  static FileType of(int mode) {
    return BY_FORMAT[(mode & FORMAT_MASK) >> 12];
  }
}
