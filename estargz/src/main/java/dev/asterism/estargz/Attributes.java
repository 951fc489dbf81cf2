package dev.asterism.estargz;

import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// Mode, owner, modification time and extended attributes of a file. Immutable.
///
/// @param mode permission bits with set-uid, set-gid and sticky: 0 to 07777
/// @param uid owner, 0 to 2³²−1
/// @param gid group, 0 to 2³²−1
/// @param mtime modification time; the epoch where the layer has none
/// @param xattrs by full name (`user.x`, `security.capability`), in the layer's order; the arrays
///   are shared and read only
public record Attributes(int mode, long uid, long gid, Instant mtime, Map<String, byte[]> xattrs) {
  /// Largest uid and gid.
  public static final long MAX_ID = 0xffff_ffffL;

  /// Permission, set-uid, set-gid and sticky bits.
  public static final int MODE_MASK = 07777;

  /// What a directory gets that only its children's names imply: 0755, owned by root, at the epoch.
  public static final Attributes IMPLIED_DIRECTORY =
      new Attributes(0755, 0, 0, Instant.EPOCH, Map.of());

  /// Copies the map.
  ///
  /// @throws IllegalArgumentException if mode, uid or gid are out of range
  public Attributes {
    if ((mode & ~MODE_MASK) != 0 || uid < 0 || uid > MAX_ID || gid < 0 || gid > MAX_ID) {
      throw new IllegalArgumentException(
          "not attributes: mode %o, uid %d, gid %d".formatted(mode, uid, gid));
    }
    xattrs = xattrs.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(xattrs));
  }

  /// Compares xattr values by content.
  @Override
  public boolean equals(Object other) {
    return other instanceof Attributes that
        && mode == that.mode
        && uid == that.uid
        && gid == that.gid
        && mtime.equals(that.mtime)
        && sameXattrs(that.xattrs);
  }

  private boolean sameXattrs(Map<String, byte[]> others) {
    return xattrs.keySet().equals(others.keySet())
        && xattrs.entrySet().stream()
            .allMatch(e -> Arrays.equals(e.getValue(), others.get(e.getKey())));
  }

  @Override
  public int hashCode() {
    return (((mode * 31 + Long.hashCode(uid)) * 31 + Long.hashCode(gid)) * 31 + mtime.hashCode())
            * 31
        + xattrs.keySet().hashCode();
  }
}
