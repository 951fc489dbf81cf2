package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.util.BitSet;

/// Hard links whose target was not there when their entry came. Confined to one thread.
///
/// Each is a name that points at a stand-in inode, which holds the target's path. A later entry may
/// take the name over; then the link is gone.
final class HardLinks {
  private final TreeColumns columns;
  private final Inodes inodes;
  private final PathResolver resolver;
  private final IntStack links = new IntStack();
  private final IntStack paths = new IntStack();

  HardLinks(TreeColumns columns, PathResolver resolver) {
    this.columns = columns;
    this.inodes = columns.inodes;
    this.resolver = resolver;
  }

  /// Returns a new stand-in for the file `target`.
  int pending(EntryPath target) throws MalformedLayerException {
    return inodes.add(Inodes.PENDING_LINK, keep(target));
  }

  /// Remembers the name of a link that points at a stand-in.
  ///
  /// @param path of the link, for messages
  void add(int name, EntryPath path) throws MalformedLayerException {
    links.push(name);
    paths.push(keep(path));
  }

  /// Points every link at its file.
  ///
  /// @throws MalformedLayerException if a target is missing, a directory, or the link itself
  void resolve() throws MalformedLayerException {
    BitSet following = new BitSet();
    for (int i = 0; i < links.size(); i++) {
      if (isPending(links.get(i))) {
        follow(i, following);
      }
    }
  }

  private void follow(int link, BitSet following) throws MalformedLayerException {
    IntStack chain = new IntStack();
    int name = links.get(link);
    while (isPending(name)) {
      if (following.get(name)) {
        throw malformed(link, "which leads back to it");
      }
      following.set(name);
      chain.push(name);
      int target = resolver.find(path(inodes.payload(columns.inode(name))));
      if (target == NameIndex.ABSENT || inodes.is(columns.inode(target), Inodes.MARKER)) {
        throw malformed(link, "which does not exist");
      }
      name = target;
    }
    int file = columns.inode(name);
    if (inodes.is(file, FileType.DIRECTORY)) {
      throw malformed(link, "which is a directory");
    }
    while (!chain.isEmpty()) {
      int resolved = chain.pop();
      following.clear(resolved);
      columns.point(resolved, file);
    }
  }

  private boolean isPending(int name) {
    return inodes.isPendingLink(columns.inode(name));
  }

  private int keep(EntryPath path) throws MalformedLayerException {
    PathResolver.checkLength(path, path);
    return columns.arena.add(path.bytes(), 0, path.bytes().length);
  }

  private EntryPath path(int ref) {
    return EntryPath.of(columns.arena.copy(ref));
  }

  private MalformedLayerException malformed(int link, String what) {
    EntryPath target = path(inodes.payload(columns.inode(links.get(link))));
    return TreeBuilder.malformed(
        path(paths.get(link)), "is a hard link to '%s', %s".formatted(target, what));
  }
}
