package dev.asterism.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// What a file system holds below a root, and which of it has reached the disk.
///
/// Bytes come whenever the kernel likes, and only a sync says that they have. With the journals of
/// ext4, XFS and Btrfs changes of names reach the disk in their order, so that a stop of the
/// machine keeps some first of them ([#stopped(Unsynced)]); without one each may be lost for itself
/// until its directory is synced ([#stopped(Unsynced, IntPredicate)]). Confined to one thread.
final class DiskImage {
  /// What a stop of the machine makes of bytes that were not synced.
  enum Unsynced {
    /// The file has no length.
    LOST,
    /// The file ends in the middle.
    TORN,
    /// The file has its length, and zeros.
    ZEROS,
    /// All of it had reached the disk.
    WRITTEN
  }

  private static final class Inode {
    byte[] bytes = {};
    byte[] synced = {};
    boolean sealed;
  }

  /// Which files have which names.
  private static final class Tree {
    final TreeSet<String> directories = new TreeSet<>();
    final TreeMap<String, Inode> names = new TreeMap<>();

    Tree copy() {
      Tree copy = new Tree();
      copy.directories.addAll(directories);
      copy.names.putAll(names);
      return copy;
    }

    void moveDirectory(String from, String to) {
      for (String path : Set.copyOf(directories)) {
        if (path.equals(from) || path.startsWith(from + "/")) {
          directories.remove(path);
          directories.add(to + path.substring(from.length()));
        }
      }
      for (String path : Set.copyOf(names.keySet())) {
        if (path.startsWith(from + "/")) {
          names.put(to + path.substring(from.length()), Objects.requireNonNull(names.get(path)));
          names.remove(path);
        }
      }
    }

    /// Takes away what has no directory to be in.
    void dropOrphans() {
      directories.removeIf(path -> !hasParents(path));
      names.keySet().removeIf(path -> !hasParents(path));
    }

    private boolean hasParents(String path) {
      String parent = parent(path);
      return parent.isEmpty() || (directories.contains(parent) && hasParents(parent));
    }
  }

  /// A change of names that may not be on the disk.
  ///
  /// @param in the directories that it changes
  private record Change(Set<String> in, Consumer<Tree> made) {}

  private final Tree now;
  private final Tree durable;
  private final List<Change> pending = new ArrayList<>();
  private final Map<Integer, Inode> open = new HashMap<>();

  DiskImage() {
    this(new Tree());
  }

  private DiskImage(Tree tree) {
    now = tree;
    durable = tree.copy();
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private void change(Consumer<Tree> what, String... paths) {
    what.accept(now);
    pending.add(
        new Change(Arrays.stream(paths).map(DiskImage::parent).collect(Collectors.toSet()), what));
  }

  void makeDirectory(String path) {
    change(tree -> tree.directories.add(path), path);
  }

  void create(String path, byte[] bytes) {
    Inode inode = new Inode();
    inode.bytes = bytes.clone();
    inode.sealed = true;
    name(path, inode);
  }

  /// Creates an empty file that is written through `channel`.
  void createOpen(String path, int channel) {
    Inode inode = new Inode();
    name(path, inode);
    open.put(channel, inode);
  }

  private void name(String path, Inode inode) {
    change(tree -> tree.names.put(path, inode), path);
  }

  void write(int channel, long position, byte[] bytes) {
    Inode inode = inode(channel);
    int end = Math.toIntExact(position + bytes.length);
    inode.bytes = Arrays.copyOf(inode.bytes, Math.max(inode.bytes.length, end));
    System.arraycopy(bytes, 0, inode.bytes, (int) position, bytes.length);
  }

  void force(int channel) {
    sync(inode(channel));
  }

  private Inode inode(int channel) {
    Inode inode = open.get(channel);
    if (inode == null) {
      throw new IllegalStateException("no file was opened as " + channel);
    }
    return inode;
  }

  void seal(String path) {
    named(path).sealed = true;
  }

  /// Begins to write a file that is on the disk at [#synced].
  void overwrite(String path, byte[] bytes) {
    if (!now.names.containsKey(path)) {
      name(path, new Inode());
    }
    Inode inode = named(path);
    inode.synced = new byte[0];
    inode.bytes = bytes.clone();
  }

  void synced(String path) {
    sync(named(path));
  }

  void link(String existing, String name) {
    name(name, named(existing));
  }

  /// rename(2), of a file or a directory.
  void rename(String from, String to) {
    if (now.directories.contains(from)) {
      change(tree -> tree.moveDirectory(from, to), from, to);
      return;
    }
    Inode inode = named(from);
    if (now.names.get(to) != inode) {
      change(
          tree -> {
            tree.names.remove(from);
            tree.names.put(to, inode);
          },
          from,
          to);
    }
  }

  void unlink(String path) {
    change(tree -> tree.names.remove(path), path);
  }

  private Inode named(String path) {
    Inode inode = now.names.get(path);
    if (inode == null) {
      throw new IllegalStateException("no " + path);
    }
    return inode;
  }

  void sync() {
    now.names.values().forEach(DiskImage::sync);
    open.values().forEach(DiskImage::sync);
    keepPending(_ -> false);
  }

  /// Brings what changed in one directory to the disk.
  void syncDirectory(String directory) {
    keepPending(change -> !change.in.equals(Set.of(directory)));
  }

  private void keepPending(Predicate<Change> kept) {
    pending.removeIf(change -> {
      if (!kept.test(change)) {
        change.made.accept(durable);
        return true;
      }
      return false;
    });
  }

  private static void sync(Inode inode) {
    inode.synced = inode.bytes;
  }

  /// Tells whether any bytes would be at the mercy of the kernel.
  boolean isAllSynced() {
    return now.names.values().stream().allMatch(inode -> Arrays.equals(inode.bytes, inode.synced));
  }

  /// Returns how many changes of names may not have reached the disk.
  int pendingNames() {
    return pending.size();
  }

  /// Returns what the disk holds when the machine has stopped now and started again.
  DiskImage stopped(Unsynced how) {
    return stopped(how, _ -> false);
  }

  /// Returns what the disk holds when the machine has stopped now and started again.
  ///
  /// @param lost tells which of [#pendingNames], in their order, never reached the disk
  DiskImage stopped(Unsynced how, IntPredicate lost) {
    Tree names = durable.copy();
    for (int i = 0; i < pending.size(); i++) {
      if (!lost.test(i)) {
        pending.get(i).made.accept(names);
      }
    }
    names.dropOrphans();
    Tree left = new Tree();
    left.directories.addAll(names.directories);
    IdentityHashMap<Inode, Inode> copies = new IdentityHashMap<>();
    names.names.forEach((path, inode) ->
        left.names.put(path, copies.computeIfAbsent(inode, old -> stopped(old, how))));
    return new DiskImage(left);
  }

  private static Inode stopped(Inode inode, Unsynced how) {
    int length =
        switch (how) {
          case LOST -> inode.synced.length;
          case TORN -> (inode.synced.length + inode.bytes.length) / 2;
          case ZEROS, WRITTEN -> inode.bytes.length;
        };
    Inode left = new Inode();
    left.sealed = inode.sealed;
    left.bytes = Arrays.copyOf(inode.bytes, Math.min(length, inode.bytes.length));
    if (how == Unsynced.ZEROS && inode.synced.length < left.bytes.length) {
      Arrays.fill(left.bytes, inode.synced.length, left.bytes.length, (byte) 0);
    }
    left.synced = left.bytes;
    return left;
  }

  /// Writes all of it below a new directory.
  void writeTo(Path root) throws IOException {
    Files.createDirectories(root);
    for (String directory : now.directories) {
      Files.createDirectories(root.resolve(directory));
    }
    IdentityHashMap<Inode, Path> written = new IdentityHashMap<>();
    for (Map.Entry<String, Inode> name : now.names.entrySet()) {
      Path path = root.resolve(name.getKey());
      Path first = written.putIfAbsent(name.getValue(), path);
      if (first == null) {
        write(path, name.getValue());
      } else {
        Files.createLink(path, first);
      }
    }
  }

  private static void write(Path path, Inode inode) throws IOException {
    Files.write(path, inode.bytes);
    if (inode.sealed && !path.toFile().setReadOnly()) {
      throw new IOException("cannot seal " + path);
    }
  }

  /// Returns the names that stand below a directory.
  Set<String> below(String directory) {
    Set<String> found = new HashSet<>();
    now.names.keySet().stream()
        .filter(path -> path.startsWith(directory + "/"))
        .forEach(found::add);
    return found;
  }
}
