package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.TreeColumns.LinkCounts;
import java.util.Optional;

/// Makes the tree of one layer from its entries, in the order of its tar.
///
/// The tree is what overlayfs shows for the layer as containerd unpacks it:
///
/// - The last entry of a name wins, whatever its type. Only a directory over a directory keeps the
///   children, and the older xattrs that the newer entry does not name.
/// - A missing parent becomes a directory of mode 0755, owner 0:0 and time 0, to which [Merge]
///   gives the attributes of the same directory in the layer below. A parent that is a symlink of
///   this layer is followed, within the layer's root. Any other parent is an error.
/// - An entry for the root itself changes nothing: its attributes are those of the snapshot.
/// - A name that starts with `.wh.` is a marker (OCI image spec, "Whiteouts") whatever the entry's
///   type: `.wh..wh..opq` makes its directory opaque, `.wh.x` is a whiteout for `x` unless the
///   layer has an entry `x` too.
/// - Times before 1970, and beyond what 63 bits of nanoseconds hold, become 0.
/// - A symlink's mode is 0777.
/// - A hard link's attributes are its file's from then on. Hard links may come before their
///   targets.
/// - What a directory's default ACL gives to what is made in it later, that has.
///
/// An entry that cannot be, or that the format cannot hold, is a [MalformedLayerException] that
/// names it; the builder is of no use afterwards. Confined to one thread.
public final class TreeBuilder {
  private static final byte[] MARKER = EntryPath.utf8(".wh.");
  private static final byte[] OPAQUE_MARKER = EntryPath.utf8(".wh..wh..opq");

  private final TreeColumns columns;
  private final Inodes inodes;
  private final NameIndex names;
  private final PathResolver resolver;
  private final HardLinks hardLinks;

  /// Starts with an empty root.
  public TreeBuilder() {
    this(TreeColumns.MAX_NAMES);
  }

  /// @param maxNames most names in the tree, made directories included
  TreeBuilder(int maxNames) {
    this.columns = new TreeColumns(maxNames);
    this.inodes = columns.inodes;
    this.names = new NameIndex(columns);
    this.resolver = new PathResolver(columns, names);
    this.hardLinks = new HardLinks(columns, resolver);
  }

  /// Adds a directory, or changes the one that is there.
  public void directory(EntryPath path, Attributes attributes) throws MalformedLayerException {
    if (path.isRoot()) {
      return;
    }
    int parent = resolver.parentOf(path);
    if (isMarker(path)) {
      mark(path, parent, attributes);
      return;
    }
    int name = find(parent, path);
    if (name != NameIndex.ABSENT && inodes.is(columns.inode(name), FileType.DIRECTORY)) {
      columns.change(columns.inode(name), path, attributes);
      inodes.flag(columns.inode(name), Inodes.IMPLICIT, false);
      return;
    }
    int inode = inodes.add(FileType.DIRECTORY.format(), Inodes.NO_PAYLOAD);
    columns.describe(inode, parent, path, attributes);
    put(parent, path, inode);
  }

  /// Adds a regular file with content.
  ///
  /// @param size bytes, at least 1 and at most 2^50
  /// @param content where overlayfs finds them
  public void regularFile(EntryPath path, Attributes attributes, long size, Content content)
      throws MalformedLayerException {
    if (size <= 0 || size > ErofsFormat.MAX_FILE_SIZE) {
      throw malformed(
          path, "has %d bytes, expected 1 to %d".formatted(size, ErofsFormat.MAX_FILE_SIZE));
    }
    int ref = columns.addContent(EntryPath.utf8(content.path()));
    int inode = inodes.add(FileType.REGULAR.format(), ref);
    inodes.resize(inode, size);
    add(path, attributes, inode);
  }

  /// Adds a regular file of 0 bytes.
  public void emptyFile(EntryPath path, Attributes attributes) throws MalformedLayerException {
    add(path, attributes, inodes.add(FileType.REGULAR.format(), Inodes.NO_PAYLOAD));
  }

  /// Adds a symbolic link.
  ///
  /// @param target 1 to 4095 bytes of UTF-8 without NUL
  public void symlink(EntryPath path, Attributes attributes, String target)
      throws MalformedLayerException {
    symlink(path, attributes, EntryPath.utf8(target));
  }

  /// As the other, with a target that is any bytes but NUL.
  public void symlink(EntryPath path, Attributes attributes, byte[] target)
      throws MalformedLayerException {
    if (target.length == 0 || target.length > ErofsFormat.MAX_SYMLINK || hasNul(target)) {
      throw malformed(
          path,
          "is a symlink to %d bytes, expected 1 to %d without NUL"
              .formatted(target.length, ErofsFormat.MAX_SYMLINK));
    }
    int ref = columns.arena.add(target, 0, target.length);
    int inode = inodes.add(FileType.SYMLINK.format(), ref);
    inodes.resize(inode, target.length);
    add(path, attributes, inode);
  }

  /// Adds a character device. With number 0:0 it is a whiteout to overlayfs.
  ///
  /// @param major 0 to 4095
  /// @param minor 0 to 1048575
  public void characterDevice(EntryPath path, Attributes attributes, long major, long minor)
      throws MalformedLayerException {
    add(path, attributes, device(FileType.CHARACTER_DEVICE, path, major, minor));
  }

  /// Adds a block device.
  ///
  /// @param major 0 to 4095
  /// @param minor 0 to 1048575
  public void blockDevice(EntryPath path, Attributes attributes, long major, long minor)
      throws MalformedLayerException {
    add(path, attributes, device(FileType.BLOCK_DEVICE, path, major, minor));
  }

  /// Adds a named pipe.
  public void fifo(EntryPath path, Attributes attributes) throws MalformedLayerException {
    add(path, attributes, inodes.add(FileType.FIFO.format(), 0));
  }

  /// Adds a name for a file that has, or will have, the name `target`.
  ///
  /// If the target is there its file is meant, even when a later entry takes the name `target`; and
  /// the file has the link's attributes from now on, as when containerd unpacks it. A target that
  /// comes later has its own.
  public void hardLink(EntryPath path, EntryPath target, Attributes attributes)
      throws MalformedLayerException {
    if (path.isRoot()) {
      return;
    }
    int parent = resolver.parentOf(path);
    if (isMarker(path)) {
      mark(path, parent, attributes);
      return;
    }
    int own = find(parent, path);
    int name = path.equals(target) ? NameIndex.ABSENT : resolver.find(target);
    boolean known =
        name != NameIndex.ABSENT && name != own && !inodes.is(columns.inode(name), Inodes.MARKER);
    int inode = known ? columns.inode(name) : hardLinks.pending(target);
    if (inodes.is(inode, FileType.DIRECTORY)) {
      throw malformed(path, "is a hard link to the directory '%s'".formatted(target));
    }
    int link = put(parent, path, inode);
    if (inodes.isPendingLink(inode)) {
      hardLinks.add(link, path);
    } else {
      columns.change(inode, path, attributes);
    }
  }

  /// Says that the layer deletes `path` from the layers below.
  ///
  /// @param path of what is deleted, without the marker's prefix
  public void whiteout(EntryPath path) throws MalformedLayerException {
    if (path.isRoot()) {
      throw malformed(path, "cannot be deleted");
    }
    whiteout(path, resolver.parentOf(path), path.lastNameStart(), Attributes.of(0, 0, 0, 0));
  }

  /// Says that nothing of the layers below shows in the directory `path`.
  public void opaque(EntryPath path) throws MalformedLayerException {
    inodes.flag(resolver.directory(path), Inodes.OPAQUE, true);
  }

  /// Returns the tree of all entries. The builder is of no use afterwards.
  ///
  /// @throws MalformedLayerException if a hard link's target is missing, a directory, or the link
  ///   itself
  public Tree build() throws MalformedLayerException {
    hardLinks.resolve();
    return columns.finish(LinkCounts.COUNTED);
  }

  private void add(EntryPath path, Attributes attributes, int inode)
      throws MalformedLayerException {
    if (path.isRoot()) {
      return;
    }
    int parent = resolver.parentOf(path);
    if (isMarker(path)) {
      mark(path, parent, attributes);
      return;
    }
    columns.describe(inode, parent, path, attributes);
    put(parent, path, inode);
  }

  private int device(FileType type, EntryPath path, long major, long minor)
      throws MalformedLayerException {
    Optional<Integer> device = ErofsFormat.encodeDevice(major, minor);
    if (device.isEmpty()) {
      throw malformed(path, "is device %d:%d, at most 4095:1048575 fits".formatted(major, minor));
    }
    return inodes.add(type.format(), device.get());
  }

  /// Points the name of `path` at `inode` and returns the name.
  private int put(int parent, EntryPath path, int inode) throws MalformedLayerException {
    return put(path, parent, path.lastNameStart(), inode);
  }

  private int put(EntryPath path, int parent, int start, int inode) throws MalformedLayerException {
    byte[] bytes = path.bytes();
    int name = names.find(parent, bytes, start, bytes.length);
    if (name == NameIndex.ABSENT) {
      resolver.checkName(path, start, bytes.length);
      return names.add(parent, bytes, start, bytes.length, inode);
    }
    columns.point(name, inode);
    return name;
  }

  private int find(int parent, EntryPath path) {
    return names.find(parent, path.bytes(), path.lastNameStart(), path.bytes().length);
  }

  private static boolean isMarker(EntryPath path) {
    return startsWith(path, MARKER);
  }

  private static boolean startsWith(EntryPath path, byte[] prefix) {
    byte[] bytes = path.bytes();
    int start = path.lastNameStart();
    if (bytes.length - start < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if (bytes[start + i] != prefix[i]) {
        return false;
      }
    }
    return true;
  }

  private void mark(EntryPath path, int parent, Attributes attributes)
      throws MalformedLayerException {
    int length = path.bytes().length - path.lastNameStart();
    if (length == OPAQUE_MARKER.length && startsWith(path, OPAQUE_MARKER)) {
      inodes.flag(parent, Inodes.OPAQUE, true);
      return;
    }
    int start = path.lastNameStart() + MARKER.length;
    if (!isName(path, start)) {
      throw malformed(path, "is a whiteout of nothing");
    }
    whiteout(path, parent, start, attributes);
  }

  private static boolean isName(EntryPath path, int start) {
    int length = path.bytes().length - start;
    boolean dots = true;
    for (int i = 0; i < length; i++) {
      dots &= path.bytes()[start + i] == '.';
    }
    return length > 2 || (length > 0 && !dots);
  }

  private void whiteout(EntryPath path, int parent, int start, Attributes attributes)
      throws MalformedLayerException {
    int name = names.find(parent, path.bytes(), start, path.bytes().length);
    if (name != NameIndex.ABSENT) {
      return;
    }
    int inode = inodes.add(FileType.CHARACTER_DEVICE.format() | Inodes.MARKER, 0);
    columns.own(inode, path, attributes);
    put(path, parent, start, inode);
  }

  private static boolean hasNul(byte[] bytes) {
    for (byte b : bytes) {
      if (b == 0) {
        return true;
      }
    }
    return false;
  }

  static MalformedLayerException malformed(EntryPath path, String what) {
    return ErofsFormat.malformed("entry '%s' %s".formatted(path, what));
  }
}
