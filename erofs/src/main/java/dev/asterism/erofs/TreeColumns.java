package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// A tree while it is made: inodes, and the names that refer to them, in columns. Some 110 bytes a
/// file. Confined to one thread.
///
/// A name is a number too. It belongs to a directory's inode and can be pointed at another inode;
/// names of a directory that nothing refers to any more are garbage, which [#finish] leaves out.
final class TreeColumns {
  static final int ROOT = 0;
  static final int SET_GROUP_ID = 02000;

  /// Most names in one tree: bounds the memory that a small table of contents can ask for by naming
  /// deep paths, which make a directory of two bytes of text.
  static final int MAX_NAMES = 4 << 20;

  /// uid and gid of `-1`: chown(2) changes nothing, so a new file stays root's.
  private static final long UNCHANGED_ID = 0xFFFFFFFFL;

  private static final int IMPLICIT_MODE = 0755; // as containerd's mkparent makes it

  /// containerd takes later times for nonsense: 2^63 ns after 1970.
  private static final long MAX_SECONDS = Long.MAX_VALUE / 1_000_000_000L;

  private static final int OBJECT_PATH_LENGTH = 4 + 2 * 32;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  final ByteArena arena = new ByteArena();
  final Inodes inodes = new Inodes();
  final XattrSets xattrSets = new XattrSets();
  private final int maxNames;
  private final IntColumn parents = new IntColumn();
  private final IntColumn names = new IntColumn();
  private final IntColumn targets = new IntColumn();

  TreeColumns() {
    this(MAX_NAMES);
  }

  /// Starts with a root that no entry names.
  TreeColumns(int maxNames) {
    this.maxNames = maxNames;
    addImplicit();
  }

  /// Adds a directory that no entry names. As mkdir(2) has it, its group is that of a set-group-id
  /// parent, and its ACLs follow from the parent's default.
  ///
  /// @param path what needs it, for messages
  int addImplicitDirectory(int parent, EntryPath path) throws MalformedLayerException {
    int directory = addImplicit();
    if ((inodes.mode(parent) & SET_GROUP_ID) != 0) {
      inodes.own(directory, 0, inodes.gid(parent));
    }
    if (inodes.xattrs(parent) != XattrSets.NONE) {
      inherit(directory, parent, path, Attributes.of(IMPLICIT_MODE, 0, 0, 0));
    }
    return directory;
  }

  private int addImplicit() {
    return inodes.add(
        FileType.DIRECTORY.format() | IMPLICIT_MODE | Inodes.IMPLICIT, Inodes.NO_PAYLOAD);
  }

  /// Appends a name of the directory `parent` for `inode` and returns its number.
  int addName(int parent, byte[] from, int start, int end, int inode)
      throws MalformedLayerException {
    if (names.size() >= maxNames) {
      throw ErofsFormat.malformed("a layer has at most %d names".formatted(maxNames));
    }
    parents.add(parent);
    targets.add(inode);
    return names.add(arena.add(from, start, end - start));
  }

  /// Gives a new inode the attributes that an entry has.
  ///
  /// @throws MalformedLayerException if the format cannot hold them
  void describe(int inode, EntryPath path, Attributes attributes) throws MalformedLayerException {
    own(inode, path, attributes);
    inodes.attach(inode, xattrSets.intern(permit(inode, path, attributes)));
  }

  /// As [#describe] for a file in `directory`, whose default ACL it has as well.
  void describe(int inode, int directory, EntryPath path, Attributes attributes)
      throws MalformedLayerException {
    describe(inode, path, attributes);
    if (inodes.xattrs(directory) != XattrSets.NONE) {
      inherit(inode, directory, path, attributes);
    }
  }

  private void inherit(int inode, int directory, EntryPath path, Attributes attributes)
      throws MalformedLayerException {
    Optional<Xattr> acl = XattrRules.defaultAcl(xattrSets.get(inodes.xattrs(directory)));
    if (acl.isPresent()) {
      List<Xattr> all =
          XattrRules.inherit(
              attributes.xattrs()::containsKey,
              xattrSets.get(inodes.xattrs(inode)),
              acl.get(),
              inodes.type(inode),
              attributes.mode(),
              path);
      inodes.attach(inode, xattrSets.intern(all));
    }
  }

  /// Gives an inode that has attributes those of another entry for it.
  ///
  /// @throws MalformedLayerException if the format cannot hold them
  void change(int inode, EntryPath path, Attributes attributes) throws MalformedLayerException {
    int uid = id(path, "uid", attributes.uid(), inodes.uid(inode));
    int gid = id(path, "gid", attributes.gid(), inodes.gid(inode));
    inodes.own(inode, uid, gid);
    List<Xattr> newer = permit(inode, path, attributes);
    List<Xattr> all =
        XattrRules.change(
            xattrSets.get(inodes.xattrs(inode)),
            attributes.xattrs(),
            newer,
            inodes.type(inode),
            attributes.mode(),
            path);
    inodes.attach(inode, xattrSets.intern(all));
  }

  /// Sets an inode's mode and time and returns what is kept of an entry's xattrs.
  private List<Xattr> permit(int inode, EntryPath path, Attributes attributes)
      throws MalformedLayerException {
    FileType type = inodes.type(inode);
    inodes.permit(inode, type == FileType.SYMLINK ? 0777 : attributes.mode());
    long seconds = attributes.mtimeSeconds();
    int nanos = attributes.mtimeNanos();
    if (nanos < 0 || nanos > 999_999_999) {
      throw TreeBuilder.malformed(path, "has %d nanoseconds in its time".formatted(nanos));
    }
    boolean sane = seconds >= 0 && seconds < MAX_SECONDS;
    inodes.time(inode, sane ? seconds : 0, sane ? nanos : 0);
    return XattrRules.select(attributes.xattrs(), type, attributes.mode(), path);
  }

  /// Gives an inode an entry's owner and group.
  void own(int inode, EntryPath path, Attributes attributes) throws MalformedLayerException {
    inodes.own(inode, id(path, "uid", attributes.uid(), 0), id(path, "gid", attributes.gid(), 0));
  }

  /// Returns an owner's number.
  ///
  /// @param before what chown(2) leaves where it is told to change nothing
  private static int id(EntryPath path, String what, long id, int before)
      throws MalformedLayerException {
    if (id < 0 || id > UNCHANGED_ID) {
      throw TreeBuilder.malformed(path, "has %s %d, expected 0 to 2^32-1".formatted(what, id));
    }
    return id == UNCHANGED_ID ? before : (int) id;
  }

  int nameCount() {
    return names.size();
  }

  int parent(int name) {
    return parents.get(name);
  }

  /// Returns where in the arena the name's bytes are.
  int bytesOf(int name) {
    return names.get(name);
  }

  int inode(int name) {
    return targets.get(name);
  }

  void point(int name, int inode) {
    targets.set(name, inode);
  }

  /// Keeps a content path; the usual `/ab/<64 hex digits>` in 32 bytes.
  int addContent(byte[] path) throws MalformedLayerException {
    byte[] packed = pack(path);
    return arena.add(packed, 0, packed.length);
  }

  /// Returns a content path that [#addContent] keeps.
  byte[] content(int ref) {
    byte[] packed = arena.copy(ref);
    return packed[0] == '/' ? packed : unpack(packed);
  }

  /// Returns the tree of what the root reaches. Nothing is added afterwards.
  Tree finish(LinkCounts linkCounts) {
    return Tree.of(this, linkCounts);
  }

  /// Where a file's link count comes from. A directory's always follows from its subdirectories.
  enum LinkCounts {
    /// The number of names in this tree.
    COUNTED,
    /// What the inodes already say.
    GIVEN
  }

  private static byte[] pack(byte[] path) {
    if (path.length != OBJECT_PATH_LENGTH
        || path[0] != '/'
        || path[3] != '/'
        || path[1] != path[4]
        || path[2] != path[5]) {
      return path;
    }
    byte[] packed = new byte[1 + 32];
    packed[0] = 'o';
    for (int i = 0; i < 32; i++) {
      int high = hexDigit(path[4 + 2 * i]);
      int low = hexDigit(path[5 + 2 * i]);
      if (high < 0 || low < 0) {
        return path;
      }
      packed[1 + i] = (byte) (high << 4 | low);
    }
    return packed;
  }

  private static byte[] unpack(byte[] packed) {
    byte[] path = new byte[OBJECT_PATH_LENGTH];
    for (int i = 0; i < 32; i++) {
      path[4 + 2 * i] = HEX[packed[1 + i] >> 4 & 0xF];
      path[5 + 2 * i] = HEX[packed[1 + i] & 0xF];
    }
    path[0] = '/';
    path[1] = path[4];
    path[2] = path[5];
    path[3] = '/';
    return path;
  }

  private static int hexDigit(byte c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }
}
