package dev.asterism.estargz.tar;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// One entry's header. Immutable.
///
/// @param name as stored, not cleaned
/// @param linkName target of a symlink or hard link, as stored; else empty
/// @param mode permission bits with set-uid, set-gid and sticky
/// @param mtime modification time, to the nanosecond where the archive has it
/// @param userName empty where the archive has none
/// @param groupName empty where the archive has none
/// @param size bytes of content; 0 for everything but a file
/// @param major of a device; else 0
/// @param minor of a device; else 0
/// @param xattrs by full name, from `SCHILY.xattr.` records; the arrays are shared and read only
public record TarEntry(
    String name,
    Type type,
    String linkName,
    int mode,
    long uid,
    long gid,
    String userName,
    String groupName,
    Instant mtime,
    long size,
    long major,
    long minor,
    Map<String, byte[]> xattrs) {
  /// What an entry is, with its type flag.
  public enum Type {
    /// A file with content.
    FILE('0'),
    /// Another name of an entry before it.
    HARD_LINK('1'),
    /// A symbolic link.
    SYMLINK('2'),
    /// A character device.
    CHARACTER_DEVICE('3'),
    /// A block device.
    BLOCK_DEVICE('4'),
    /// A directory.
    DIRECTORY('5'),
    /// A named pipe.
    FIFO('6');

    private final char flag;

    Type(char flag) {
      this.flag = flag;
    }

    char flag() {
      return flag;
    }
  }

  /// Copies the map.
  public TarEntry {
    xattrs = xattrs.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
  }

  /// Returns a file of `size` bytes that belongs to root and to the epoch.
  public static TarEntry file(String name, int mode, long size) {
    return new TarEntry(
        name, Type.FILE, "", mode, 0, 0, "", "", Instant.EPOCH, size, 0, 0, Map.of());
  }
}
