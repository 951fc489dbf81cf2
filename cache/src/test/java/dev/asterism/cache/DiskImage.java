package dev.asterism.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// What a file system holds below a root, and which of its bytes have reached the disk.
///
/// As the journals of ext4, XFS and Btrfs have it, changes of names reach the disk in their order,
/// so that a stop of the machine keeps some first of them; bytes come whenever the kernel likes,
/// and only a sync says that they have. Confined to one thread.
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

  private final TreeSet<String> directories = new TreeSet<>();
  private final TreeMap<String, Inode> names = new TreeMap<>();
  private final Map<Integer, Inode> open = new HashMap<>();

  void makeDirectory(String path) {
    directories.add(path);
  }

  void create(String path, byte[] bytes) {
    Inode inode = new Inode();
    inode.bytes = bytes.clone();
    inode.sealed = true;
    names.put(path, inode);
  }

  /// Creates an empty file that is written through `channel`.
  void createOpen(String path, int channel) {
    Inode inode = new Inode();
    names.put(path, inode);
    open.put(channel, inode);
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
    Inode inode = names.computeIfAbsent(path, _ -> new Inode());
    inode.synced = new byte[0];
    inode.bytes = bytes.clone();
  }

  void synced(String path) {
    sync(named(path));
  }

  void link(String existing, String name) {
    names.put(name, named(existing));
  }

  /// rename(2), of a file or a directory.
  void rename(String from, String to) {
    if (directories.contains(from)) {
      moveDirectory(from, to);
      return;
    }
    Inode inode = named(from);
    if (names.get(to) != inode) {
      names.remove(from);
      names.put(to, inode);
    }
  }

  private void moveDirectory(String from, String to) {
    for (String path : Set.copyOf(directories)) {
      if (path.equals(from) || path.startsWith(from + "/")) {
        directories.remove(path);
        directories.add(to + path.substring(from.length()));
      }
    }
    for (String path : Set.copyOf(names.keySet())) {
      if (path.startsWith(from + "/")) {
        names.put(to + path.substring(from.length()), named(path));
        names.remove(path);
      }
    }
  }

  void unlink(String path) {
    names.remove(path);
  }

  private Inode named(String path) {
    Inode inode = names.get(path);
    if (inode == null) {
      throw new IllegalStateException("no " + path);
    }
    return inode;
  }

  void sync() {
    names.values().forEach(DiskImage::sync);
    open.values().forEach(DiskImage::sync);
  }

  private static void sync(Inode inode) {
    inode.synced = inode.bytes;
  }

  /// Tells whether any bytes would be at the mercy of the kernel.
  boolean isAllSynced() {
    return names.values().stream().allMatch(inode -> Arrays.equals(inode.bytes, inode.synced));
  }

  /// Returns what the disk holds when the machine has stopped now and started again.
  DiskImage stopped(Unsynced how) {
    DiskImage left = new DiskImage();
    left.directories.addAll(directories);
    IdentityHashMap<Inode, Inode> copies = new IdentityHashMap<>();
    names.forEach((path, inode) ->
        left.names.put(path, copies.computeIfAbsent(inode, old -> stopped(old, how))));
    return left;
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
    for (String directory : directories) {
      Files.createDirectories(root.resolve(directory));
    }
    IdentityHashMap<Inode, Path> written = new IdentityHashMap<>();
    for (Map.Entry<String, Inode> name : names.entrySet()) {
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
    names.keySet().stream().filter(path -> path.startsWith(directory + "/")).forEach(found::add);
    return found;
  }
}
