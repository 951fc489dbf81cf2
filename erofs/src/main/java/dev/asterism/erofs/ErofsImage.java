package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/// An image that [ErofsWriter] wrote, read where it is wanted: the file is mapped, nothing is held
/// in memory.
///
/// A file is named by its number, `nid`, which stays the same for the same image. Every number and
/// offset is checked: a damaged image, or a number that is none, is a [MalformedLayerException].
/// Thread-safe. After [#close], everything but `close` is an `IllegalStateException`.
public final class ErofsImage implements AutoCloseable {
  private final Arena arena;
  private final ImageBytes in;
  private final ImageXattrs xattrs;
  private final long metaStart;
  private final long root;
  private final long inodeCount;

  private ErofsImage(Arena arena, ImageBytes in) throws MalformedLayerException {
    this.arena = arena;
    this.in = in;
    checkSuperblock(in);
    int at = ErofsFormat.SUPERBLOCK_OFFSET;
    this.metaStart = in.unsignedInteger(at + ErofsFormat.SB_META_BLOCK) << ErofsFormat.BLOCK_BITS;
    this.xattrs =
        new ImageXattrs(
            in, in.unsignedInteger(at + ErofsFormat.SB_XATTR_BLOCK) << ErofsFormat.BLOCK_BITS);
    this.root = in.unsignedShort(at + ErofsFormat.SB_ROOT_NID);
    this.inodeCount = in.longInteger(at + ErofsFormat.SB_INODES);
    if (!inode(root).is(FileType.DIRECTORY)) {
      throw ErofsFormat.malformed("metadata image: its root is not a directory");
    }
  }

  /// Opens the image `file`; the caller closes it.
  ///
  /// @throws MalformedLayerException if its superblock is not one of ours, or the file is short
  @SuppressWarnings("MustBeClosed") // the image owns the arena and closes it
  public static ErofsImage open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment segment = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new ErofsImage(arena, new ImageBytes(segment));
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// Returns the number of the root directory.
  public long root() {
    return root;
  }

  /// Returns the number of files, the root included; names of one file count once.
  public long inodeCount() {
    return inodeCount;
  }

  /// Returns the file `name` of a directory.
  public OptionalLong find(long directory, byte[] name) throws MalformedLayerException {
    if (isDots(name)) {
      return OptionalLong.empty();
    }
    long nid = cursor(directory).find(name);
    return nid == DirectoryCursor.ABSENT ? OptionalLong.empty() : OptionalLong.of(nid);
  }

  /// Returns the file at `path`; no symlink is followed.
  public OptionalLong find(EntryPath path) throws MalformedLayerException {
    long nid = root;
    byte[] bytes = path.bytes();
    for (int start = 0; start < bytes.length; start++) {
      int end = PathResolver.nameEnd(bytes, start, bytes.length);
      OptionalLong found =
          inode(nid).is(FileType.DIRECTORY)
              ? find(nid, Arrays.copyOfRange(bytes, start, end))
              : OptionalLong.empty();
      if (found.isEmpty()) {
        return found;
      }
      nid = found.getAsLong();
      start = end;
    }
    return OptionalLong.of(nid);
  }

  /// Gives the entries of a directory, sorted as unsigned bytes.
  ///
  /// @param from 0, or what an earlier visit was told as `next`
  public void list(long directory, long from, DirectoryVisitor visitor)
      throws MalformedLayerException {
    DirectoryCursor cursor = cursor(directory);
    cursor.seek(from);
    boolean more = true;
    while (more && cursor.next()) {
      byte[] name = Arrays.copyOf(cursor.name(), cursor.nameLength());
      FileType type = inode(cursor.nid()).type();
      more = visitor.visit(name, cursor.nid(), type, cursor.position());
    }
  }

  /// Returns type, permissions, owner, time, link count, size and device of a file.
  public Stat stat(long nid) throws MalformedLayerException {
    return inode(nid).stat();
  }

  /// Returns the extended attributes that the layer gave a file, by full name. What we tell
  /// overlayfs is not among them.
  public Map<String, byte[]> xattrs(long nid) throws MalformedLayerException {
    Map<String, byte[]> byName = new TreeMap<>();
    for (Xattr xattr : xattrs.read(inode(nid))) {
      if (!xattr.isTrusted()) {
        xattr.fullName().ifPresent(name -> byName.put(name, xattr.value()));
      }
    }
    return byName;
  }

  /// Returns where the bytes of a regular file are; empty for one of 0 bytes and for other types.
  public Optional<Content> content(long nid) throws MalformedLayerException {
    ImageInode inode = inode(nid);
    if (!inode.is(FileType.REGULAR) || inode.size() == 0) {
      return Optional.empty();
    }
    byte[] path = redirect(inode, xattrs.read(inode));
    try {
      return Optional.of(new Content(new String(path, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException e) {
      throw new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET, "metadata image: " + e.getMessage(), e);
    }
  }

  /// Tells whether a directory hides what lies below it.
  public boolean isOpaque(long nid) throws MalformedLayerException {
    return xattrs.read(inode(nid)).stream().anyMatch(Xattr.OPAQUE::hasNameOf);
  }

  /// Returns a symlink's target, a new array.
  ///
  /// @throws IllegalArgumentException if the file is not a symlink
  public byte[] readlink(long nid) throws MalformedLayerException {
    ImageInode inode = inode(nid);
    if (!inode.is(FileType.SYMLINK)) {
      throw new IllegalArgumentException("not a symlink: inode " + nid);
    }
    return target(inode);
  }

  /// Gives every file of the tree, a directory before what is in it.
  public void walk(FileVisitor visitor) throws MalformedLayerException {
    new ImageWalk(this, visitor).run();
  }

  /// Returns the bytes of all regular files; a file with several names counts once.
  public long contentSize() throws MalformedLayerException {
    BitSet counted = new BitSet();
    long[] sum = new long[1];
    walk((_, nid, stat) -> {
      if (stat.type() == FileType.REGULAR && !counted.get((int) nid)) {
        counted.set((int) nid);
        sum[0] += stat.size();
      }
    });
    return sum[0];
  }

  /// Unmaps the file. Does nothing the second time.
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /// Returns an inode, checked; its number fits an `int`.
  ImageInode inode(long nid) throws MalformedLayerException {
    if (nid < 0 || nid > Integer.MAX_VALUE) {
      throw ErofsFormat.malformed("metadata image: no inode %d".formatted(nid));
    }
    return ImageInode.decode(in, nid, metaStart + (nid << ErofsFormat.NID_BITS));
  }

  DirectoryCursor cursor(long directory) throws MalformedLayerException {
    return new DirectoryCursor(in, inode(directory));
  }

  /// Returns all attributes, those for overlayfs too.
  List<Xattr> allXattrs(ImageInode inode) throws MalformedLayerException {
    return xattrs.read(inode);
  }

  /// Returns the content path among the attributes of a regular file that is not empty.
  static byte[] redirect(ImageInode inode, List<Xattr> xattrs) throws MalformedLayerException {
    for (Xattr xattr : xattrs) {
      if (xattr.isRedirect() && xattr.value().length <= Content.MAX_LENGTH) {
        return xattr.value();
      }
    }
    throw ErofsFormat.malformed(
        "metadata image, inode %d: a file without a content path".formatted(inode.nid()));
  }

  byte[] target(ImageInode symlink) throws MalformedLayerException {
    byte[] target = in.copy(symlink.dataStart(0, true), (int) symlink.size());
    if (target.length == 0) {
      throw ErofsFormat.malformed(
          "metadata image, inode %d: an empty symlink".formatted(symlink.nid()));
    }
    return target;
  }

  private static boolean isDots(byte[] name) {
    return name.length <= 2 && name.length > 0 && name[0] == '.' && name[name.length - 1] == '.';
  }

  private static void checkSuperblock(ImageBytes in) throws MalformedLayerException {
    int at = ErofsFormat.SUPERBLOCK_OFFSET;
    byte[] block = in.copy(at, ErofsFormat.BLOCK_SIZE - at);
    if (in.integer(at) != ErofsFormat.MAGIC) {
      throw ErofsFormat.malformed("metadata image: not EROFS");
    }
    int checksum = ErofsWriter.checksum(ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN));
    if (in.integer(at + ErofsFormat.SB_CHECKSUM) != checksum) {
      throw ErofsFormat.malformed("metadata image: its superblock is damaged");
    }
    int incompatible = in.integer(at + ErofsFormat.SB_FEATURE_INCOMPAT);
    if (in.unsignedByte(at + ErofsFormat.SB_BLOCK_BITS) != ErofsFormat.BLOCK_BITS
        || in.unsignedByte(at + ErofsFormat.SB_DIR_BLOCK_BITS) != 0
        || in.unsignedShort(at + ErofsFormat.SB_EXTRA_DEVICES) != 0
        || incompatible != ErofsFormat.FEATURE_INCOMPAT_CHUNKED_FILE) {
      throw ErofsFormat.malformed(
          "metadata image: features %x are not ours".formatted(incompatible));
    }
    long size = in.unsignedInteger(at + ErofsFormat.SB_BLOCKS) << ErofsFormat.BLOCK_BITS;
    if (size != in.size()) {
      throw ErofsFormat.malformed(
          "metadata image: has %d bytes, expected %d".formatted(in.size(), size));
    }
  }
}
