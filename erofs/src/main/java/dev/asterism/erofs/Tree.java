package dev.asterism.erofs;

import dev.asterism.erofs.TreeColumns.LinkCounts;
import java.util.BitSet;

/// The files of a layer, or of a merged chain, without their bytes. Immutable; made by
/// [TreeBuilder] or [Merge], written by [ErofsWriter].
///
/// Inside: inodes are numbers, a directory's names are a slice of `children` sorted as unsigned
/// bytes, each entry the number of a name.
public final class Tree {
  private final TreeColumns columns;
  private final int[] children;
  private final int[] firstChild;
  private final int inodeCount;
  private final long contentSize;

  private Tree(
      TreeColumns columns, int[] children, int[] firstChild, int inodeCount, long contentSize) {
    this.columns = columns;
    this.children = children;
    this.firstChild = firstChild;
    this.inodeCount = inodeCount;
    this.contentSize = contentSize;
  }

  static Tree of(TreeColumns columns, LinkCounts linkCounts) {
    int[] firstChild = new int[columns.inodes.size() + 1];
    int[] children = groupByDirectory(columns, firstChild);
    Reach reach = new Reach(columns, children, firstChild, linkCounts);
    reach.walk();
    return new Tree(columns, children, firstChild, reach.inodeCount, reach.contentSize);
  }

  /// Returns the number of files of every type, the root included; names of one file count once.
  public int inodeCount() {
    return inodeCount;
  }

  /// Returns the bytes of all regular files; a file with several names counts once.
  public long contentSize() {
    return contentSize;
  }

  int root() {
    return TreeColumns.ROOT;
  }

  Inodes inodes() {
    return columns.inodes;
  }

  ByteArena arena() {
    return columns.arena;
  }

  XattrSets xattrSets() {
    return columns.xattrSets;
  }

  byte[] content(int inode) {
    return columns.content(inodes().payload(inode));
  }

  int childCount(int directory) {
    return firstChild[directory + 1] - firstChild[directory];
  }

  /// Returns where in the arena the name of the `index`-th child is.
  int childName(int directory, int index) {
    return columns.bytesOf(children[firstChild[directory] + index]);
  }

  int childInode(int directory, int index) {
    return columns.inode(children[firstChild[directory] + index]);
  }

  /// Counting sort of all names by their directory; `firstChild` becomes the slices' starts.
  private static int[] groupByDirectory(TreeColumns columns, int[] firstChild) {
    int count = columns.nameCount();
    for (int name = 0; name < count; name++) {
      firstChild[columns.parent(name) + 1]++;
    }
    for (int i = 1; i < firstChild.length; i++) {
      firstChild[i] += firstChild[i - 1];
    }
    int[] next = firstChild.clone();
    int[] children = new int[count];
    for (int name = 0; name < count; name++) {
      children[next[columns.parent(name)]++] = name;
    }
    return children;
  }

  /// Finds what the root reaches, sorts its directories, counts links.
  private static final class Reach {
    private final TreeColumns columns;
    private final Inodes inodes;
    private final int[] children;
    private final int[] firstChild;
    private final boolean counting;
    private final IntStack pending = new IntStack();
    private final NameSort sort;
    private final BitSet seen = new BitSet();
    private int inodeCount;
    private long contentSize;

    Reach(TreeColumns columns, int[] children, int[] firstChild, LinkCounts linkCounts) {
      this.columns = columns;
      this.inodes = columns.inodes;
      this.children = children;
      this.firstChild = firstChild;
      this.counting = linkCounts == LinkCounts.COUNTED;
      this.sort = new NameSort(columns);
    }

    void walk() {
      pending.push(TreeColumns.ROOT);
      inodeCount = 1;
      while (!pending.isEmpty()) {
        int directory = pending.pop();
        int from = firstChild[directory];
        int to = firstChild[directory + 1];
        sort.sort(children, from, to);
        int links = 2;
        for (int i = from; i < to; i++) {
          links += visit(columns.inode(children[i]));
        }
        inodes.link(directory, links);
      }
    }

    /// Returns what it adds to its directory's link count.
    private int visit(int inode) {
      boolean first = !seen.get(inode);
      seen.set(inode);
      inodeCount += first ? 1 : 0;
      if (inodes.is(inode, FileType.DIRECTORY)) {
        pending.push(inode);
        return 1;
      }
      if (counting) {
        inodes.link(inode, inodes.links(inode) + 1);
      }
      contentSize += first && inodes.is(inode, FileType.REGULAR) ? inodes.size(inode) : 0;
      return 0;
    }
  }
}
