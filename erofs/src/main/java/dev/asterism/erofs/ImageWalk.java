package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;

/// One walk through all files of an image, in depth. Confined to one thread.
///
/// An image is a tree if it is ours; in a damaged one a directory may be in itself, or in two.
final class ImageWalk {
  /// Longer paths than any layer gives: [PathResolver] bounds them.
  private static final int MAX_PATH = 4095 + 256;

  private record Level(EntryPath path, DirectoryCursor cursor) {}

  private final ErofsImage image;
  private final FileVisitor visitor;
  private final BitSet entered = new BitSet();
  private final Deque<Level> levels = new ArrayDeque<>();

  ImageWalk(ErofsImage image, FileVisitor visitor) {
    this.image = image;
    this.visitor = visitor;
  }

  void run() throws MalformedLayerException {
    visit(EntryPath.ROOT, image.root());
    while (!levels.isEmpty()) {
      Level level = levels.element();
      if (level.cursor.next()) {
        visit(
            level.path.resolve(level.cursor.name(), level.cursor.nameLength()), level.cursor.nid());
      } else {
        levels.remove();
      }
    }
  }

  private void visit(EntryPath path, long nid) throws MalformedLayerException {
    ImageInode inode = image.inode(nid);
    visitor.visit(path, nid, inode.stat());
    if (inode.is(FileType.DIRECTORY)) {
      if (entered.get((int) nid) || path.bytes().length > MAX_PATH) {
        throw ErofsFormat.malformed(
            "metadata image, directory %d: is in two places, or too deep".formatted(nid));
      }
      entered.set((int) nid);
      levels.push(new Level(path, image.cursor(nid)));
    }
  }
}
