package dev.asterism.erofs;

/// The inodes of a tree in columns, numbered from 0. Confined to one thread while it grows.
final class Inodes {
  /// Stands for a hard link whose target was not there yet: no file of its own.
  static final int PENDING_LINK = 0;

  static final int NO_PAYLOAD = -1;

  /// A directory that no entry names.
  static final int IMPLICIT = 1 << 16;

  /// A directory that hides what lies below it.
  static final int OPAQUE = 1 << 17;

  /// A whiteout that came from a marker, which an entry of the same name overrules.
  static final int MARKER = 1 << 18;

  private static final int MODE_MASK = 0xFFFF;

  private final IntColumn modes = new IntColumn();
  private final IntColumn uids = new IntColumn();
  private final IntColumn gids = new IntColumn();
  private final LongColumn seconds = new LongColumn();
  private final IntColumn nanos = new IntColumn();
  private final LongColumn sizes = new LongColumn();
  private final IntColumn links = new IntColumn();
  private final IntColumn xattrs = new IntColumn();
  private final IntColumn payloads = new IntColumn();

  int size() {
    return modes.size();
  }

  /// Appends an inode without owner, time, size or links.
  ///
  /// @param mode type and permissions; 0 for a pending link
  /// @param payload device number; or where in the arena a symlink's target, a link's target or a
  ///   file's content path is; or [#NO_PAYLOAD]
  int add(int mode, int payload) {
    uids.add(0);
    gids.add(0);
    seconds.add(0);
    nanos.add(0);
    sizes.add(0);
    links.add(0);
    xattrs.add(XattrSets.NONE);
    payloads.add(payload);
    return modes.add(mode);
  }

  void own(int inode, int uid, int gid) {
    uids.set(inode, uid);
    gids.set(inode, gid);
  }

  void time(int inode, long mtimeSeconds, int mtimeNanos) {
    seconds.set(inode, mtimeSeconds);
    nanos.set(inode, mtimeNanos);
  }

  void permit(int inode, int permissions) {
    modes.set(inode, (modes.get(inode) & ~07777) | (permissions & 07777));
  }

  void flag(int inode, int flag, boolean on) {
    modes.set(inode, on ? modes.get(inode) | flag : modes.get(inode) & ~flag);
  }

  void resize(int inode, long size) {
    sizes.set(inode, size);
  }

  void link(int inode, int count) {
    links.set(inode, count);
  }

  void attach(int inode, int xattrSet) {
    xattrs.set(inode, xattrSet);
  }

  /// Returns type and permissions, without flags.
  int mode(int inode) {
    return modes.get(inode) & MODE_MASK;
  }

  boolean is(int inode, int flag) {
    return (modes.get(inode) & flag) != 0;
  }

  boolean isPendingLink(int inode) {
    return mode(inode) == PENDING_LINK;
  }

  /// Tells whether it has this type; false for a pending link.
  boolean is(int inode, FileType type) {
    return (modes.get(inode) & FileType.FORMAT_MASK) == type.format();
  }

  FileType type(int inode) {
    return FileType.of(modes.get(inode));
  }

  int uid(int inode) {
    return uids.get(inode);
  }

  int gid(int inode) {
    return gids.get(inode);
  }

  long seconds(int inode) {
    return seconds.get(inode);
  }

  int nanos(int inode) {
    return nanos.get(inode);
  }

  long size(int inode) {
    return sizes.get(inode);
  }

  int links(int inode) {
    return links.get(inode);
  }

  int xattrs(int inode) {
    return xattrs.get(inode);
  }

  int payload(int inode) {
    return payloads.get(inode);
  }
}
