package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.BLOCK_SIZE;
import static dev.asterism.erofs.ErofsFormat.DIRENT_SIZE;

import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;

/// A directory's entries in blocks: in each, entries of 12 bytes, then their names. `.` and `..`
/// are among them, all sorted as unsigned bytes. Confined to one thread.
final class DirectoryBlocks {
  private static final byte[] DOTS = {'.', '.'};

  private final Tree tree;
  private final ByteArena arena;
  private final int directory;
  private final int parent;
  private final int count;
  private final int self;
  private final int up;

  DirectoryBlocks(Tree tree, int directory, int parent) {
    this.tree = tree;
    this.arena = tree.arena();
    this.directory = directory;
    this.parent = parent;
    this.self = countBefore(1);
    this.up = countBefore(2) + 1;
    this.count = tree.childCount(directory) + 2;
  }

  /// Returns the number of bytes of all blocks, the last one up to its last name.
  long size() {
    long full = 0;
    int from = 0;
    while (true) {
      int to = blockEnd(from);
      if (to == count) {
        return full + blockSize(from, to);
      }
      full += BLOCK_SIZE;
      from = to;
    }
  }

  /// Returns the number of entries, `.` and `..` included.
  int count() {
    return count;
  }

  /// Returns the entry behind the last one of the block that starts with entry `from`.
  int blockEnd(int from) {
    int size = 0;
    int to = from;
    while (to < count) {
      size += DIRENT_SIZE + nameLength(to);
      if (size > BLOCK_SIZE) {
        return to;
      }
      to++;
    }
    return to;
  }

  /// Writes entries `from` to `to` as one block, without padding.
  ///
  /// @param nidOf an inode's number in the image
  void write(int from, int to, IntUnaryOperator nidOf, ByteBuffer out) {
    int nameOffset = (to - from) * DIRENT_SIZE;
    for (int entry = from; entry < to; entry++) {
      int inode = inode(entry);
      out.putLong(nidOf.applyAsInt(inode));
      out.putShort((short) nameOffset);
      out.put((byte) tree.inodes().type(inode).direntCode());
      out.put((byte) 0);
      nameOffset += nameLength(entry);
    }
    for (int entry = from; entry < to; entry++) {
      putName(entry, out);
    }
  }

  private int blockSize(int from, int to) {
    int size = 0;
    for (int entry = from; entry < to; entry++) {
      size += DIRENT_SIZE + nameLength(entry);
    }
    return size;
  }

  private int nameLength(int entry) {
    if (entry == self) {
      return 1;
    }
    return entry == up ? 2 : arena.length(tree.childName(directory, child(entry)));
  }

  private int inode(int entry) {
    if (entry == self) {
      return directory;
    }
    return entry == up ? parent : tree.childInode(directory, child(entry));
  }

  private void putName(int entry, ByteBuffer out) {
    if (entry == self || entry == up) {
      out.put(DOTS, 0, nameLength(entry));
      return;
    }
    int name = tree.childName(directory, child(entry));
    out.put(arena.page(name), arena.start(name), arena.length(name));
  }

  private int child(int entry) {
    return entry - (entry > self ? 1 : 0) - (entry > up ? 1 : 0);
  }

  /// Returns how many children sort before a name of `dots` dots.
  private int countBefore(int dots) {
    int low = 0;
    int high = tree.childCount(directory);
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (arena.compareTo(tree.childName(directory, middle), DOTS, 0, dots) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
