package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.ArrayDeque;
import java.util.Arrays;
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
    visit(new byte[0], image.root());
    while (!levels.isEmpty()) {
      Level level = levels.element();
      if (level.cursor.next()) {
        visit(join(level.path.bytes(), level.cursor), level.cursor.nid());
      } else {
        levels.remove();
      }
    }
  }

  private void visit(byte[] path, long nid) throws MalformedLayerException {
    ImageInode inode = image.inode(nid);
    visitor.visit(EntryPath.ofClean(path), nid, inode.stat());
    if (inode.is(FileType.DIRECTORY)) {
      if (entered.get((int) nid) || path.length > MAX_PATH) {
        throw ErofsFormat.malformed(
            "metadata image, directory %d: is in two places, or too deep".formatted(nid));
      }
      entered.set((int) nid);
      levels.push(new Level(EntryPath.ofClean(path), image.cursor(nid)));
    }
  }

  private static byte[] join(byte[] directory, DirectoryCursor cursor) {
    int start = directory.length == 0 ? 0 : directory.length + 1;
    byte[] path = Arrays.copyOf(directory, start + cursor.nameLength());
    if (start > 0) {
      path[start - 1] = '/';
    }
    System.arraycopy(cursor.name(), 0, path, start, cursor.nameLength());
    return path;
  }
}
