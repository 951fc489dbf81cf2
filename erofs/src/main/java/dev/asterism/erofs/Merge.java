package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.TreeColumns.LinkCounts;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes one tree of a stack of layers: what overlayfs shows for it. Confined to one thread.
///
/// - Of several files of one name the topmost is shown; directories are shown together, with the
///   attributes of the topmost that a layer names (a layer that does not name a directory it needs
///   takes over the attributes of the one below, as when containerd unpacks it).
/// - A whiteout, a file that is no directory and an opaque directory end the search for what is
///   below. An opaque root does not: overlayfs does not look there.
/// - Names of one file in one layer stay names of one file. Its link count is that of its layer,
///   even where another layer hides some of the names: overlayfs shows that as well.
public final class Merge {
  /// What becomes of whiteouts and opaque directories.
  public enum Whiteouts {
    /// They are applied and gone: nothing lies below the stack.
    DROP,
    /// They are applied and stay, for the layers below the stack. A directory that a whiteout or a
    /// file below it cuts off becomes opaque.
    KEEP
  }

  private final List<ErofsImage> topFirst;
  private final List<BitSet> entered = new ArrayList<>();
  private final List<Map<Long, Integer>> linked = new ArrayList<>();
  private final TreeColumns columns = new TreeColumns();
  private final Inodes inodes = columns.inodes;
  private final Deque<Stack> pending = new ArrayDeque<>();

  /// The directories that are shown as one.
  ///
  /// @param directory the inode they become
  /// @param parts topmost first
  /// @param keep whether whiteouts in it stay
  private record Stack(int directory, List<Part> parts, boolean keep) {}

  /// @param layer index in `topFirst`
  private record Part(int layer, ImageInode inode) {}

  private Merge(List<ErofsImage> lowestFirst) {
    this.topFirst = lowestFirst.reversed();
    for (int i = 0; i < topFirst.size(); i++) {
      entered.add(new BitSet());
      linked.add(new HashMap<>());
    }
  }

  /// Returns the merged tree. The images are only read while this runs.
  ///
  /// @param lowestFirst the layers' images, at least one
  /// @throws MalformedLayerException if an image is damaged, or all together have too many files
  public static Tree merge(List<ErofsImage> lowestFirst, Whiteouts whiteouts)
      throws MalformedLayerException {
    if (lowestFirst.isEmpty()) {
      throw new IllegalArgumentException("no layer to merge");
    }
    return new Merge(lowestFirst).run(whiteouts == Whiteouts.KEEP);
  }

  private Tree run(boolean keep) throws MalformedLayerException {
    List<Part> roots = new ArrayList<>();
    for (int layer = 0; layer < topFirst.size(); layer++) {
      roots.add(new Part(layer, topFirst.get(layer).inode(topFirst.get(layer).root())));
    }
    pending.push(new Stack(TreeColumns.ROOT, roots, keep));
    while (!pending.isEmpty()) {
      Stack stack = pending.pop();
      if (stack.parts.size() == 1) {
        copyChildren(stack);
      } else {
        mergeChildren(stack);
      }
    }
    return columns.finish(LinkCounts.GIVEN);
  }

  private void copyChildren(Stack stack) throws MalformedLayerException {
    Part part = stack.parts.getFirst();
    DirectoryCursor cursor = enter(part);
    while (cursor.next()) {
      ImageInode inode = topFirst.get(part.layer).inode(cursor.nid());
      add(stack, cursor, List.of(new Part(part.layer, inode)));
    }
  }

  private void mergeChildren(Stack stack) throws MalformedLayerException {
    List<Part> parts = new ArrayList<>(stack.parts);
    List<DirectoryCursor> cursors = new ArrayList<>();
    for (Part part : stack.parts) {
      cursors.add(enter(part));
    }
    for (int i = cursors.size() - 1; i >= 0; i--) {
      advance(parts, cursors, i);
    }
    while (!cursors.isEmpty()) {
      DirectoryCursor least = least(cursors);
      List<Part> hits = new ArrayList<>();
      List<Integer> at = new ArrayList<>();
      for (int i = 0; i < cursors.size(); i++) {
        if (cursors.get(i).compareName(least) == 0) {
          int layer = parts.get(i).layer;
          hits.add(new Part(layer, topFirst.get(layer).inode(cursors.get(i).nid())));
          at.add(i);
        }
      }
      add(stack, least, hits);
      for (int i : at.reversed()) {
        advance(parts, cursors, i);
      }
    }
  }

  /// Steps a cursor on, or takes it out when it is at its end.
  private static void advance(List<Part> parts, List<DirectoryCursor> cursors, int index)
      throws MalformedLayerException {
    if (!cursors.get(index).next()) {
      cursors.remove(index);
      parts.remove(index);
    }
  }

  private static DirectoryCursor least(List<DirectoryCursor> cursors) {
    DirectoryCursor least = cursors.getFirst();
    for (DirectoryCursor cursor : cursors) {
      least = cursor.compareName(least) < 0 ? cursor : least;
    }
    return least;
  }

  /// Adds what is shown for one name.
  ///
  /// @param hits the files of that name, topmost layer first
  private void add(Stack stack, DirectoryCursor name, List<Part> hits)
      throws MalformedLayerException {
    Part top = hits.getFirst();
    if (top.inode.is(FileType.DIRECTORY)) {
      addDirectory(stack, name, hits);
    } else if (!top.inode.isWhiteout() || stack.keep) {
      columns.addName(stack.directory, name.name(), 0, name.nameLength(), file(top));
    }
  }

  private void addDirectory(Stack stack, DirectoryCursor name, List<Part> hits)
      throws MalformedLayerException {
    int directory = inodes.add(FileType.DIRECTORY.format(), Inodes.NO_PAYLOAD);
    List<Part> parts = new ArrayList<>();
    boolean closed = false;
    boolean described = false;
    for (Part hit : hits) {
      if (!hit.inode.is(FileType.DIRECTORY)) {
        closed = true;
        break;
      }
      parts.add(hit);
      List<Xattr> xattrs = topFirst.get(hit.layer).allXattrs(hit.inode);
      boolean implicit = has(xattrs, Xattr.IMPLICIT);
      if (!described && (!implicit || parts.size() == 1)) {
        describe(directory, hit.inode, xattrs);
      }
      described |= !implicit;
      if (has(xattrs, Xattr.OPAQUE)) {
        closed = true;
        break;
      }
    }
    inodes.flag(directory, Inodes.OPAQUE, stack.keep && closed);
    inodes.flag(directory, Inodes.IMPLICIT, stack.keep && !closed && !described);
    columns.addName(stack.directory, name.name(), 0, name.nameLength(), directory);
    pending.push(new Stack(directory, parts, stack.keep && !closed));
  }

  /// Returns the inode for a file that is no directory: a new one, or the one it has already by
  /// another name.
  private int file(Part part) throws MalformedLayerException {
    ImageInode source = part.inode;
    if (source.links() == 1) {
      return copy(part);
    }
    Map<Long, Integer> known = linked.get(part.layer);
    Integer inode = known.get(source.nid());
    if (inode == null) {
      inode = copy(part);
      known.put(source.nid(), inode);
    }
    return inode;
  }

  private int copy(Part part) throws MalformedLayerException {
    ErofsImage image = topFirst.get(part.layer);
    ImageInode source = part.inode;
    List<Xattr> xattrs = image.allXattrs(source);
    int inode =
        switch (source.type()) {
          case SYMLINK -> {
            byte[] target = image.target(source);
            yield inodes.add(
                FileType.SYMLINK.format(), columns.arena.add(target, 0, target.length));
          }
          case REGULAR ->
              inodes.add(
                  FileType.REGULAR.format(),
                  source.size() == 0
                      ? Inodes.NO_PAYLOAD
                      : columns.addContent(ErofsImage.redirect(source, xattrs)));
          case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO ->
              inodes.add(source.type().format(), source.field());
          case DIRECTORY -> throw new IllegalArgumentException("a directory is not copied");
        };
    inodes.resize(inode, source.size());
    inodes.link(inode, source.links());
    describe(inode, source, xattrs);
    return inode;
  }

  private void describe(int inode, ImageInode source, List<Xattr> xattrs) {
    inodes.permit(inode, source.mode());
    inodes.own(inode, source.uid(), source.gid());
    inodes.time(inode, source.seconds(), source.nanos());
    List<Xattr> own = xattrs.stream().filter(xattr -> !xattr.isTrusted()).sorted().toList();
    inodes.attach(inode, columns.xattrSets.intern(own));
  }

  private DirectoryCursor enter(Part part) throws MalformedLayerException {
    long nid = part.inode.nid();
    if (entered.get(part.layer).get((int) nid)) {
      throw ErofsFormat.malformed("metadata image, directory %d: is in two places".formatted(nid));
    }
    entered.get(part.layer).set((int) nid);
    return topFirst.get(part.layer).cursor(nid);
  }

  private static boolean has(List<Xattr> xattrs, Xattr wanted) {
    return xattrs.stream().anyMatch(wanted::hasNameOf);
  }
}
