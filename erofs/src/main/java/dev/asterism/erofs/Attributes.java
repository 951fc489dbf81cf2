package dev.asterism.erofs;

import java.util.Map;

/// Permissions, owner, time and extended attributes of one entry, as its layer gives them.
/// Immutable; the arrays in `xattrs` are shared, nobody writes to them.
///
/// Nothing is checked here: [TreeBuilder] refuses what cannot be, naming the entry.
///
/// @param mode permission, set-id and sticky bits (`07777`); other bits are ignored
/// @param uid owner, 0 to 2^32-1
/// @param gid group, 0 to 2^32-1
/// @param mtimeSeconds time of last change, seconds since 1970
/// @param mtimeNanos nanoseconds within that second, 0 to 999,999,999
/// @param xattrs values by full name, e.g. `security.capability`
public record Attributes(
    int mode, long uid, long gid, long mtimeSeconds, int mtimeNanos, Map<String, byte[]> xattrs) {

  /// Copies the map.
  public Attributes {
    xattrs = Map.copyOf(xattrs);
  }

  /// Attributes without xattrs, changed at a whole second.
  public static Attributes of(int mode, long uid, long gid, long mtimeSeconds) {
    return new Attributes(mode, uid, gid, mtimeSeconds, 0, Map.of());
  }
}
