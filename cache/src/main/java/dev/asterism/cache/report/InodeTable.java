package dev.asterism.cache.report;

import java.util.Arrays;

/// Files by inode number, with what is known of each: open addressing over plain arrays, 28 bytes a
/// file and a load of at most two thirds. Confined to one thread.
final class InodeTable {
  private static final int FIRST = 1 << 10; // slots, a power of two

  private long[] inodes = new long[FIRST]; // 0: free; no file system numbers a file so
  private long[] sizes = new long[FIRST];
  private long[] stored = new long[FIRST];
  private int[] holders = new int[FIRST];
  private int count;

  /// Takes what [#forEach] finds.
  @FunctionalInterface
  interface Visitor {
    void visit(long size, long stored, int holders);
  }

  /// Returns the slot of a file, or a negative number if it is not listed.
  int find(long inode) {
    int slot = slotOf(inode);
    return inodes[slot] == inode ? slot : -1;
  }

  /// Lists a file that is not listed yet, held by nobody, and returns its slot: good until the next
  /// one is added.
  ///
  /// @param size bytes
  /// @param onDisk bytes that are allocated
  int add(long inode, long size, long onDisk) {
    if (count >= inodes.length / 3 * 2) {
      grow();
    }
    int slot = slotOf(inode);
    inodes[slot] = inode;
    sizes[slot] = size;
    stored[slot] = onDisk;
    holders[slot] = HolderSets.NOBODY;
    count++;
    return slot;
  }

  long size(int slot) {
    return sizes[slot];
  }

  long stored(int slot) {
    return stored[slot];
  }

  int holders(int slot) {
    return holders[slot];
  }

  void setHolders(int slot, int set) {
    holders[slot] = set;
  }

  void forEach(Visitor visitor) {
    for (int slot = 0; slot < inodes.length; slot++) {
      if (inodes[slot] != 0) {
        visitor.visit(sizes[slot], stored[slot], holders[slot]);
      }
    }
  }

  /// Returns where an inode stands, or the free slot where it would.
  private int slotOf(long inode) {
    int mask = inodes.length - 1;
    int slot = (int) ((inode * 0x9E3779B97F4A7C15L) >>> 33) & mask; // Fibonacci hashing
    while (inodes[slot] != 0 && inodes[slot] != inode) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldInodes = inodes;
    long[] oldSizes = sizes;
    long[] oldStored = stored;
    int[] oldHolders = holders;
    int length = Math.multiplyExact(inodes.length, 2);
    inodes = new long[length];
    sizes = Arrays.copyOf(sizes, length);
    stored = Arrays.copyOf(stored, length);
    holders = Arrays.copyOf(holders, length);
    for (int old = 0; old < oldInodes.length; old++) {
      if (oldInodes[old] != 0) {
        int slot = slotOf(oldInodes[old]);
        inodes[slot] = oldInodes[old];
        sizes[slot] = oldSizes[old];
        stored[slot] = oldStored[old];
        holders[slot] = oldHolders[old];
      }
    }
  }
}
