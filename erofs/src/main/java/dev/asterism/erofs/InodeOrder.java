package dev.asterism.erofs;

import java.util.BitSet;

/// The order of a tree's inodes in its image: the root, then for each directory, in preorder, those
/// of its children that were not there yet.
final class InodeOrder {
  /// What is done with each inode.
  @FunctionalInterface
  interface Visitor<E extends Exception> {
    /// Does it.
    ///
    /// @param parent of a directory: the one that it is in (the root is in itself)
    void visit(int inode, int parent) throws E;
  }

  private InodeOrder() {}

  static <E extends Exception> void visit(Tree tree, Visitor<E> visitor) throws E {
    BitSet seen = new BitSet();
    IntStack directories = new IntStack();
    directories.push(tree.root());
    seen.set(tree.root());
    visitor.visit(tree.root(), tree.root());
    while (!directories.isEmpty()) {
      int directory = directories.pop();
      int count = tree.childCount(directory);
      for (int i = 0; i < count; i++) {
        int child = tree.childInode(directory, i);
        if (!seen.get(child)) {
          seen.set(child);
          visitor.visit(child, directory);
        }
      }
      for (int i = count - 1; i >= 0; i--) {
        int child = tree.childInode(directory, i);
        if (tree.inodes().is(child, FileType.DIRECTORY)) {
          directories.push(child);
        }
      }
    }
  }
}
