package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.TreeColumns.LinkCounts;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Makes one tree of a stack of layers: what overlayfs shows for it. Confined to one thread.
///
/// - Of several files of one name the topmost is shown; directories are shown together, with the
///   attributes of the topmost that a layer names (a layer that does not name a directory it needs
///   takes over the attributes of the one below, as when containerd unpacks it).
/// - What containerd unpacks into such a directory has from its default ACL what a disk would give
///   it. Of a file with several names that is decided where it is found first.
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
  private final OrdinaryLayers ordinary;
  private final TreeColumns columns = new TreeColumns();
  private final Inodes inodes = columns.inodes;
  private final Deque<Stack> pending = new ArrayDeque<>();

  /// The directories of one path.
  ///
  /// @param directory the inode they become
  /// @param parts topmost first
  /// @param keep whether whiteouts in it stay
  /// @param cut whether a file, or a whiteout, in place of it or of a directory above it ends the
  ///   search for attributes below
  private record Stack(
      int directory, EntryPath path, List<Part> parts, boolean keep, boolean cut) {}

  /// A file of one layer.
  ///
  /// @param layer index in `topFirst`
  /// @param implicit of a directory: whether no entry of its layer names it
  /// @param hidden whether a directory above it is opaque: only its attributes matter, for what is
  ///   implicit above
  /// @param madeUnder the default ACL of the directory that it was unpacked into, where that came
  ///   from a layer below: its own image knows nothing of it
  /// @param gives of a directory: the same for what was unpacked into this one
  private record Part(
      int layer,
      ImageInode inode,
      boolean implicit,
      boolean hidden,
      Optional<Xattr> madeUnder,
      Optional<Xattr> gives) {
    Part hide() {
      return new Part(layer, inode, implicit, true, madeUnder, gives);
    }

    Part giving(Optional<Xattr> acl) {
      return new Part(layer, inode, implicit, hidden, madeUnder, acl);
    }

    boolean isDirectory() {
      return inode.is(FileType.DIRECTORY);
    }
  }

  private Merge(List<ErofsImage> lowestFirst, OrdinaryLayers ordinary) {
    this.ordinary = ordinary;
    this.topFirst = lowestFirst.reversed();
    for (int i = 0; i < topFirst.size(); i++) {
      entered.add(new BitSet());
      linked.add(new HashMap<>());
    }
  }

  /// Returns the merged tree of a stack that nothing lies below. The images are only read while
  /// this runs.
  ///
  /// @param lowestFirst the layers' images, at least one
  /// @throws MalformedLayerException if an image is damaged, or all together have too many files
  public static Tree merge(List<ErofsImage> lowestFirst) throws IOException {
    return merge(lowestFirst, Whiteouts.DROP, OrdinaryLayers.NONE);
  }

  /// Returns the merged tree of a stack.
  ///
  /// @param lowestFirst the layers' images, at least one
  /// @param ordinary what lies below the stack
  /// @throws MalformedLayerException if an image is damaged, or all together have too many files
  /// @throws IOException if `ordinary` throws it
  public static Tree merge(
      List<ErofsImage> lowestFirst, Whiteouts whiteouts, OrdinaryLayers ordinary)
      throws IOException {
    if (lowestFirst.isEmpty()) {
      throw new IllegalArgumentException("no layer to merge");
    }
    return new Merge(lowestFirst, ordinary).run(whiteouts == Whiteouts.KEEP);
  }

  private Tree run(boolean keep) throws IOException {
    List<Part> roots = new ArrayList<>();
    for (int layer = 0; layer < topFirst.size(); layer++) {
      ErofsImage image = topFirst.get(layer);
      roots.add(part(layer, image.inode(image.root())));
    }
    pending.push(new Stack(TreeColumns.ROOT, EntryPath.ROOT, roots, keep, false));
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

  private static Part part(int layer, ImageInode root) {
    return new Part(layer, root, true, false, Optional.empty(), Optional.empty());
  }

  private void copyChildren(Stack stack) throws IOException {
    Part part = stack.parts.getFirst();
    DirectoryCursor cursor = enter(part);
    while (cursor.next()) {
      add(stack, cursor, List.of(part(part, cursor)));
    }
  }

  private void mergeChildren(Stack stack) throws IOException {
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
          hits.add(part(parts.get(i), cursors.get(i)));
          at.add(i);
        }
      }
      if (!hits.getFirst().hidden) {
        add(stack, least, hits);
      }
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
  private void add(Stack stack, DirectoryCursor name, List<Part> hits) throws IOException {
    Part top = hits.getFirst();
    if (top.isDirectory()) {
      addDirectory(stack, name, hits);
    } else if (!top.inode.isWhiteout() || stack.keep) {
      columns.addName(stack.directory, name.name(), 0, name.nameLength(), file(stack.path, top));
    }
  }

  private void addDirectory(Stack stack, DirectoryCursor name, List<Part> hits) throws IOException {
    List<Part> parts = new ArrayList<>();
    boolean closed = false;
    boolean cut = stack.cut;
    for (Part hit : hits) {
      if (!hit.isDirectory()) {
        closed = true;
        cut = true;
        break;
      }
      parts.add(closed ? hit.hide() : hit);
      closed |= hit.hidden || has(hit.layer, hit.inode, Xattr.OPAQUE);
    }
    int directory = inodes.add(FileType.DIRECTORY.format(), Inodes.NO_PAYLOAD);
    EntryPath path = stack.path.resolve(name.name(), name.nameLength());
    Optional<Attributes> below =
        cut || !parts.getLast().implicit ? Optional.empty() : ordinary.findDirectory(path);
    boolean named = describeDirectory(directory, path, parts, stack);
    boolean taken = !named && below.isPresent();
    if (taken) {
      columns.describe(directory, path, below.get());
    }
    boolean keep = stack.keep && !closed;
    inodes.flag(directory, Inodes.OPAQUE, stack.keep && !keep);
    inodes.flag(directory, Inodes.IMPLICIT, keep && !named && !taken);
    columns.addName(stack.directory, name.name(), 0, name.nameLength(), directory);
    pending.push(new Stack(directory, path, withAcls(parts, path, below), keep, cut));
  }

  /// Returns a directory's parts with the default ACL under which containerd unpacks into each: of
  /// one that its layer does not name that is the one below, else that of the directory around it.
  private List<Part> withAcls(List<Part> parts, EntryPath path, Optional<Attributes> ordinaryBelow)
      throws MalformedLayerException {
    List<Part> changed = new ArrayList<>();
    Optional<Xattr> below = Optional.empty();
    if (ordinaryBelow.isPresent()) {
      Attributes attributes = ordinaryBelow.get();
      below =
          XattrRules.defaultAcl(
              XattrRules.select(attributes.xattrs(), FileType.DIRECTORY, attributes.mode(), path));
    }
    for (Part part : parts.reversed()) {
      Optional<Xattr> own = XattrRules.defaultAcl(topFirst.get(part.layer).allXattrs(part.inode));
      Optional<Xattr> gives = Optional.empty(); // its own image has seen to it
      if (own.isEmpty()) {
        gives = part.implicit ? below.or(part::madeUnder) : part.madeUnder;
      }
      changed.addFirst(part.giving(gives));
      if (!part.implicit) {
        below = own.or(part::madeUnder);
      }
    }
    return changed;
  }

  /// Gives a directory the attributes of the topmost part that its layer names; of the lowest one
  /// where none is named. Returns whether one is.
  private boolean describeDirectory(int directory, EntryPath path, List<Part> parts, Stack parent)
      throws IOException {
    Part source = parts.getLast();
    for (Part part : parts) {
      if (!part.implicit) {
        source = part;
        break;
      }
    }
    describe(directory, path, source, topFirst.get(source.layer).allXattrs(source.inode));
    if (source.implicit) {
      inheritGroup(directory, parent, source.layer);
    }
    return !source.implicit;
  }

  /// Gives a directory that `layer` needs but does not name the group that mkdir(2) gives it there:
  /// of its parent, if that was set-group-id.
  private void inheritGroup(int directory, Stack parent, int layer) throws IOException {
    for (Part part : parent.parts) {
      if (part.layer >= layer && !part.implicit) {
        if (part.layer > layer && (part.inode.mode() & TreeColumns.SET_GROUP_ID) != 0) {
          inodes.own(directory, 0, part.inode.gid());
        }
        return;
      }
    }
    Optional<Attributes> below =
        parent.cut ? Optional.empty() : ordinary.findDirectory(parent.path);
    if (below.isPresent() && (below.get().mode() & TreeColumns.SET_GROUP_ID) != 0) {
      inodes.own(directory, 0, (int) below.get().gid());
    }
  }

  /// Returns the inode for a file that is no directory: a new one, or the one it has already by
  /// another name.
  private int file(EntryPath directory, Part part) throws MalformedLayerException {
    ImageInode source = part.inode;
    if (source.links() == 1) {
      return copy(directory, part);
    }
    Map<Long, Integer> known = linked.get(part.layer);
    Integer inode = known.get(source.nid());
    if (inode == null) {
      inode = copy(directory, part);
      known.put(source.nid(), inode);
    }
    return inode;
  }

  private int copy(EntryPath directory, Part part) throws MalformedLayerException {
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
    describe(inode, directory, part, xattrs);
    return inode;
  }

  private void describe(int inode, EntryPath path, Part part, List<Xattr> xattrs)
      throws MalformedLayerException {
    ImageInode source = part.inode;
    inodes.permit(inode, source.mode());
    inodes.own(inode, source.uid(), source.gid());
    inodes.time(inode, source.seconds(), source.nanos());
    List<Xattr> own = new ArrayList<>();
    for (Xattr xattr : xattrs) {
      if (!xattr.isTrusted()) {
        own.add(xattr);
      }
    }
    Collections.sort(own);
    if (part.madeUnder.isPresent()) {
      own =
          XattrRules.inherit(
              name -> own(xattrs, name),
              own,
              part.madeUnder.get(),
              source.type(),
              source.mode(),
              path);
    }
    inodes.attach(inode, columns.xattrSets.intern(own));
  }

  private static boolean own(List<Xattr> xattrs, String name) {
    return xattrs.stream().anyMatch(xattr -> xattr.fullName().filter(name::equals).isPresent());
  }

  private DirectoryCursor enter(Part part) throws MalformedLayerException {
    long nid = part.inode.nid();
    if (entered.get(part.layer).get((int) nid)) {
      throw ErofsFormat.malformed("metadata image, directory %d: is in two places".formatted(nid));
    }
    entered.get(part.layer).set((int) nid);
    return topFirst.get(part.layer).cursor(nid);
  }

  /// Returns the file that a cursor over the directory `parent` stands at.
  private Part part(Part parent, DirectoryCursor cursor) throws MalformedLayerException {
    ImageInode inode = topFirst.get(parent.layer).inode(cursor.nid());
    boolean implicit = inode.is(FileType.DIRECTORY) && has(parent.layer, inode, Xattr.IMPLICIT);
    return new Part(parent.layer, inode, implicit, parent.hidden, parent.gives, Optional.empty());
  }

  private boolean has(int layer, ImageInode inode, Xattr wanted) throws MalformedLayerException {
    return topFirst.get(layer).allXattrs(inode).stream().anyMatch(wanted::hasNameOf);
  }
}
