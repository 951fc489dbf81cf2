package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;

/// Finds an entry's directory the way containerd does: symlinks of the layer are followed within
/// its root, what is missing becomes a directory. Confined to one thread.
final class PathResolver {
  private static final int MAX_SYMLINKS = 255;

  /// `PATH_MAX` - 1: longer ones could not be unpacked either.
  private static final int MAX_PATH = 4095;

  private final TreeColumns columns;
  private final Inodes inodes;
  private final NameIndex names;

  PathResolver(TreeColumns columns, NameIndex names) {
    this.columns = columns;
    this.inodes = columns.inodes;
    this.names = names;
  }

  /// Returns the directory that the last name of `path` is in, made if it is missing.
  int parentOf(EntryPath path) throws MalformedLayerException {
    int end = Math.max(0, path.lastNameStart() - 1);
    checkLength(path, path);
    return walk(path, path.bytes(), end, true);
  }

  /// Returns the directory `path`, made if it is missing.
  int directory(EntryPath path) throws MalformedLayerException {
    checkLength(path, path);
    return walk(path, path.bytes(), path.bytes().length, true);
  }

  /// Returns the name that `path` is, its last name not followed; [NameIndex#ABSENT] if it does not
  /// exist. Makes nothing.
  int find(EntryPath path) throws MalformedLayerException {
    if (path.isRoot()) {
      return NameIndex.ABSENT;
    }
    checkLength(path, path);
    byte[] bytes = path.bytes();
    int start = path.lastNameStart();
    int directory = walk(path, bytes, Math.max(0, start - 1), false);
    return directory == NameIndex.ABSENT
        ? NameIndex.ABSENT
        : names.find(directory, bytes, start, bytes.length);
  }

  /// @throws MalformedLayerException if `path[start..end)` is no name for a file
  void checkName(EntryPath path, int start, int end) throws MalformedLayerException {
    if (end - start > ErofsFormat.MAX_NAME) {
      throw TreeBuilder.malformed(
          path, "has a name of %d bytes, at most 255 fit".formatted(end - start));
    }
    for (int i = start; i < end; i++) {
      if (path.bytes()[i] == 0) {
        throw TreeBuilder.malformed(path, "has a NUL in its name");
      }
    }
  }

  /// Walks `bytes[0..end)`. Without `make`, returns [NameIndex#ABSENT] for what is not a directory.
  private int walk(EntryPath entry, byte[] bytes, int end, boolean make)
      throws MalformedLayerException {
    byte[] path = bytes;
    int to = end;
    int symlinks = 0;
    int directory = TreeColumns.ROOT;
    int at = 0;
    while (at < to) {
      int stop = nameEnd(path, at, to);
      int name = names.find(directory, path, at, stop);
      int inode = name == NameIndex.ABSENT ? NameIndex.ABSENT : columns.inode(name);
      if (inode == NameIndex.ABSENT || inodes.is(inode, Inodes.MARKER)) {
        return make ? makeDirectories(directory, path, at, to) : NameIndex.ABSENT;
      }
      if (inodes.is(inode, FileType.DIRECTORY)) {
        directory = inode;
        at = stop + 1;
      } else if (inodes.is(inode, FileType.SYMLINK)) {
        if (++symlinks > MAX_SYMLINKS) {
          throw TreeBuilder.malformed(entry, "leads through too many symlinks");
        }
        EntryPath resolved = substitute(path, at, stop, to, inodes.payload(inode));
        checkLength(entry, resolved);
        path = resolved.bytes();
        to = path.length;
        directory = TreeColumns.ROOT;
        at = 0;
      } else if (make) {
        throw TreeBuilder.malformed(entry, "has a parent that is not a directory");
      } else {
        return NameIndex.ABSENT;
      }
    }
    return directory;
  }

  private int makeDirectories(int parent, byte[] path, int start, int end)
      throws MalformedLayerException {
    EntryPath shown = EntryPath.of(path);
    int directory = parent;
    int at = start;
    while (at < end) {
      int stop = nameEnd(path, at, end);
      int made = columns.addImplicitDirectory(directory, shown);
      int name = names.find(directory, path, at, stop);
      if (name == NameIndex.ABSENT) {
        checkName(shown, at, stop);
        names.add(directory, path, at, stop, made);
      } else {
        columns.point(name, made);
      }
      directory = made;
      at = stop + 1;
    }
    return directory;
  }

  /// Returns the path with the symlink `path[start..stop)` replaced by its target, cleaned
  /// lexically (as containerd's `fs.RootPath` does).
  private EntryPath substitute(byte[] path, int start, int stop, int end, int targetRef) {
    byte[] target = columns.arena.copy(targetRef);
    int kept = target[0] == '/' ? 0 : start;
    byte[] joined = new byte[kept + target.length + (end - stop)];
    System.arraycopy(path, 0, joined, 0, kept);
    System.arraycopy(target, 0, joined, kept, target.length);
    System.arraycopy(path, stop, joined, kept + target.length, end - stop);
    return EntryPath.of(joined);
  }

  static int nameEnd(byte[] path, int at, int end) {
    int stop = at;
    while (stop < end && path[stop] != '/') {
      stop++;
    }
    return stop;
  }

  static void checkLength(EntryPath entry, EntryPath path) throws MalformedLayerException {
    if (path.bytes().length > MAX_PATH) {
      String text = entry.toString();
      throw ErofsFormat.malformed(
          "entry '%s…' has a path of %d bytes, at most %d fit"
              .formatted(
                  text.substring(0, Math.min(text.length(), 200)), path.bytes().length, MAX_PATH));
    }
  }
}
