package dev.asterism.erofs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A POSIX access control list, in the form of its xattr: a version and entries of 8 bytes
/// (`linux/posix_acl_xattr.h`). Immutable.
///
/// A disk file system does not keep what it is given: a later chmod changes the list, a list that
/// says no more than the mode is not kept. An image must hold what the disk would.
final class PosixAcl {
  private static final int VERSION = 2;
  private static final int HEADER_SIZE = 4;
  private static final int ENTRY_SIZE = 8;
  private static final int NO_ID = -1;

  private static final int USER_OBJ = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OBJ = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  /// @param permissions read, write, execute: 0 to 7
  /// @param id of the user or group; [#NO_ID] where the tag needs none
  private record Entry(int tag, int permissions, int id) {}

  private final List<Entry> entries;

  private PosixAcl(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /// Reads an xattr's value; empty if it is not a list that Linux accepts.
  static Optional<PosixAcl> decode(byte[] value) {
    ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
    if (value.length < HEADER_SIZE
        || (value.length - HEADER_SIZE) % ENTRY_SIZE != 0
        || in.getInt() != VERSION) {
      return Optional.empty();
    }
    List<Entry> entries = new ArrayList<>();
    while (in.hasRemaining()) {
      int tag = Short.toUnsignedInt(in.getShort());
      int permissions = Short.toUnsignedInt(in.getShort());
      int id = in.getInt();
      entries.add(new Entry(tag, permissions, tag == USER || tag == GROUP ? id : NO_ID));
    }
    return isValid(entries) ? Optional.of(new PosixAcl(entries)) : Optional.empty();
  }

  /// Returns the access list that a file with this mode has; empty if the mode says it all.
  Optional<byte[]> underMode(int mode) {
    boolean masked = has(MASK);
    if (!masked) {
      return Optional.empty();
    }
    List<Entry> changed = new ArrayList<>();
    for (Entry entry : entries) {
      int permissions =
          switch (entry.tag) {
            case USER_OBJ -> mode >> 6 & 7;
            case MASK -> mode >> 3 & 7;
            case OTHER -> mode & 7;
            default -> entry.permissions;
          };
      changed.add(new Entry(entry.tag, permissions, entry.id));
    }
    return new PosixAcl(changed).encoded();
  }

  /// Returns the xattr's value; empty if there is no entry, which is no list at all.
  Optional<byte[]> encoded() {
    if (entries.isEmpty()) {
      return Optional.empty();
    }
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_SIZE + entries.size() * ENTRY_SIZE)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(VERSION);
    for (Entry entry : entries) {
      out.putShort((short) entry.tag).putShort((short) entry.permissions).putInt(entry.id);
    }
    return Optional.of(out.array());
  }

  private boolean has(int tag) {
    return entries.stream().anyMatch(entry -> entry.tag == tag);
  }

  /// As the kernel's `posix_acl_valid`: owner, users, group, groups, mask, others in this order,
  /// the single ones once, a mask where there are users or groups.
  private static boolean isValid(List<Entry> entries) {
    if (entries.isEmpty()) {
      return true;
    }
    int last = 0;
    boolean named = false;
    int seen = 0;
    for (Entry entry : entries) {
      boolean repeatable = entry.tag == USER || entry.tag == GROUP;
      boolean known =
          repeatable
              || entry.tag == USER_OBJ
              || entry.tag == GROUP_OBJ
              || entry.tag == MASK
              || entry.tag == OTHER;
      boolean ordered = entry.tag > last || (repeatable && entry.tag == last);
      if (!known || !ordered || entry.permissions > 7) {
        return false;
      }
      last = entry.tag;
      named |= repeatable;
      seen |= entry.tag;
    }
    int required = USER_OBJ | GROUP_OBJ | OTHER | (named ? MASK : 0);
    return (seen & required) == required;
  }
}
