package dev.asterism.cache;

import java.util.Arrays;

/// The files of a store, by inode: what each occupies, who holds it, and when it was used last.
///
/// A table of primitives, some 50 bytes a file: there may be millions. Confined to one thread; made
/// for one run and thrown away.
final class Survey {
  /// No file.
  static final int NONE = -1;

  /// Last use of what is in use now; what memory shows of it comes behind.
  static final int ACTIVE = Integer.MAX_VALUE - 1;

  static final int ACTIVE_IN_MEMORY = Integer.MAX_VALUE;

  /// The lock of a file that no digest names.
  static final short NO_LOCK = -1;

  private static final byte PINNED = 1;
  private static final byte VICTIM = 2;
  private static final byte YOUNG = 4;

  private long[] inodes; // 0 where there is none
  private int[] blocks;
  private int[] lastUse;
  private int[] links;
  private int[] holders;
  private byte[] names;
  private byte[] flags;
  private short[] locks;
  private int size;

  Survey() {
    this(1 << 10);
  }

  private Survey(int capacity) {
    allocate(capacity);
  }

  private void allocate(int capacity) {
    inodes = new long[capacity];
    blocks = new int[capacity];
    lastUse = new int[capacity];
    links = new int[capacity];
    holders = new int[capacity];
    names = new byte[capacity];
    flags = new byte[capacity];
    locks = new short[capacity];
  }

  /// Returns the slot of an inode, or [#NONE].
  int find(long inode) {
    for (int slot = home(inode); inodes[slot] != 0; slot = slot + 1 & inodes.length - 1) {
      if (inodes[slot] == inode) {
        return slot;
      }
    }
    return NONE;
  }

  /// Adds a file, or returns its slot if it is there.
  ///
  /// @param allocatedBlocks units of 512 bytes
  /// @param lock number of its digest's lock, or [#NO_LOCK]
  int add(long inode, long allocatedBlocks, long linkCount, int used, short lock) {
    int known = find(inode);
    if (known != NONE) {
      return known;
    }
    if (size * 5 > inodes.length * 3) {
      grow();
    }
    int slot = home(inode);
    while (inodes[slot] != 0) {
      slot = slot + 1 & inodes.length - 1;
    }
    size++;
    inodes[slot] = inode;
    blocks[slot] = (int) Math.min(allocatedBlocks, Integer.MAX_VALUE);
    links[slot] = (int) Math.min(linkCount, Integer.MAX_VALUE);
    lastUse[slot] = used;
    locks[slot] = lock;
    return slot;
  }

  private int home(long inode) {
    long mixed = inode * 0x9E3779B97F4A7C15L; // 2^64 divided by the golden ratio
    return (int) (mixed >>> 40) & inodes.length - 1;
  }

  private void grow() {
    long[] oldInodes = inodes;
    int[] oldBlocks = blocks;
    int[] oldLastUse = lastUse;
    int[] oldLinks = links;
    int[] oldHolders = holders;
    byte[] oldNames = names;
    byte[] oldFlags = flags;
    short[] oldLocks = locks;
    allocate(oldInodes.length * 2);
    size = 0;
    for (int old = 0; old < oldInodes.length; old++) {
      if (oldInodes[old] != 0) {
        int slot =
            add(oldInodes[old], oldBlocks[old], oldLinks[old], oldLastUse[old], oldLocks[old]);
        holders[slot] = oldHolders[old];
        names[slot] = oldNames[old];
        flags[slot] = oldFlags[old];
      }
    }
  }

  /// Notes a name of the file under its digest.
  void named(int slot) {
    names[slot]++;
  }

  /// Notes a layer that holds the file.
  void held(int slot, int used, boolean pinned) {
    if (holders[slot]++ == 0 && isReferenced(slot)) {
      lastUse[slot] = used;
    } else {
      lastUse[slot] = Math.max(lastUse[slot], used);
    }
    if (pinned) {
      flags[slot] |= PINNED;
    }
  }

  /// Notes that the kernel may be on its way to it.
  void young(int slot) {
    flags[slot] |= YOUNG;
  }

  void use(int slot, int used) {
    lastUse[slot] = used;
  }

  void victim(int slot) {
    flags[slot] |= VICTIM;
  }

  int capacity() {
    return inodes.length;
  }

  int size() {
    return size;
  }

  boolean isThere(int slot) {
    return inodes[slot] != 0;
  }

  boolean isVictim(int slot) {
    return (flags[slot] & VICTIM) != 0;
  }

  boolean isPinned(int slot) {
    return (flags[slot] & PINNED) != 0;
  }

  /// Tells whether something beside its names in the store holds the file.
  boolean isReferenced(int slot) {
    return links[slot] > names[slot];
  }

  /// Tells whether taking the links that are known frees the file. One that somebody else links to
  /// stays on the disk anyway.
  boolean isFreeable(int slot) {
    return (flags[slot] & (PINNED | YOUNG | VICTIM)) == 0
        && links[slot] <= names[slot] + holders[slot];
  }

  /// Tells whether the file has names that are neither under its digest nor a layer's.
  boolean isHeldByOthers(int slot) {
    return (flags[slot] & VICTIM) == 0 && links[slot] > known(slot);
  }

  int known(int slot) {
    return names[slot] + holders[slot];
  }

  int links(int slot) {
    return links[slot];
  }

  short lock(int slot) {
    return locks[slot];
  }

  int lastUse(int slot) {
    return lastUse[slot];
  }

  long allocated(int slot) {
    return blocks[slot] * 512L;
  }

  /// Which files to take first.
  interface Choice {
    boolean takes(int slot);
  }

  /// Marks freeable files as victims, by last use, until they make up `bytes`. Returns how many
  /// bytes they do.
  long choose(Choice choice, long bytes) {
    long[] order = new long[size];
    int count = 0;
    for (int slot = 0; slot < inodes.length; slot++) {
      if (inodes[slot] != 0 && isFreeable(slot) && choice.takes(slot)) {
        order[count++] = (long) lastUse[slot] << 32 | slot;
      }
    }
    Arrays.sort(order, 0, count);
    long chosen = 0;
    for (int i = 0; i < count && chosen < bytes; i++) {
      int slot = (int) order[i];
      victim(slot);
      chosen += allocated(slot);
    }
    return chosen;
  }
}
