package dev.asterism.snapshotter;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// The directories of snapshots: `snapshots/<id>/fs`, and `work` where something is written. A
/// remote snapshot needs none.
///
/// A directory is called by its id only from just before the metadata knows that id until just
/// after it has forgotten it; before and after, by a name that starts with `new-`. So what the
/// metadata does not know can be deleted, whenever the daemon died.
final class SnapshotDirectories {
  private static final String UNNAMED = "new-";

  private final Path root;

  private SnapshotDirectories(Path root) {
    this.root = root;
  }

  /// Creates `root` (0700) if it is not there.
  static SnapshotDirectories open(Path root) throws IOException {
    Files.createDirectories(root, permissions("rwx------"));
    return new SnapshotDirectories(root.toRealPath());
  }

  /// Returns where a snapshot's own files are: the upper directory, and a lower one later.
  Path fs(long id) {
    return root.resolve(Long.toString(id)).resolve("fs");
  }

  /// Returns overlayfs's work directory for an active snapshot.
  Path work(long id) {
    return root.resolve(Long.toString(id)).resolve("work");
  }

  /// Creates the directories of a new snapshot, still without an id.
  ///
  /// The modes are containerd's, whatever the umask: `fs` 0755, `work` 0711.
  Path create(SnapshotKind kind) throws IOException {
    Path unnamed = Files.createTempDirectory(root, UNNAMED, permissions("rwx------"));
    directory(unnamed.resolve("fs"), "rwxr-xr-x");
    if (kind == SnapshotKind.ACTIVE) {
      directory(unnamed.resolve("work"), "rwx--x--x");
    }
    return unnamed;
  }

  private static void directory(Path path, String mode) throws IOException {
    Files.createDirectory(path);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  /// Gives a created directory its id, and returns what has to be forced to the disk for that to
  /// last.
  ///
  /// A directory of that id that is there already belongs to nobody: the metadata has just given
  /// out the id, so an earlier attempt died between here and its commit.
  List<Path> adopt(Path unnamed, long id) throws IOException {
    Path named = root.resolve(Long.toString(id));
    if (Files.exists(named, NOFOLLOW_LINKS)) {
      setAside(named);
    }
    Files.move(unnamed, named, StandardCopyOption.ATOMIC_MOVE);
    return List.of(named, root);
  }

  /// Makes the root of a new snapshot look like the root it will be mounted over: mode and owner.
  void inherit(long id, Path below) throws IOException {
    Path fs = fs(id);
    for (String attribute : List.of("unix:uid", "unix:gid", "unix:mode")) {
      Object value = Files.getAttribute(below, attribute);
      if (!value.equals(Files.getAttribute(fs, attribute))) {
        Files.setAttribute(fs, attribute, value);
      }
    }
  }

  /// Takes the directory of an id that the metadata has forgotten out of sight and deletes it.
  void remove(long id) throws IOException {
    DirectoryTree.delete(setAside(root.resolve(Long.toString(id))));
  }

  /// Deletes what [#create] made and nobody adopted.
  void discard(Path unnamed) throws IOException {
    DirectoryTree.delete(unnamed);
  }

  /// Takes every directory whose id is not in `known` out of sight and returns what is to be
  /// deleted. The caller sees to it that no snapshot is being created meanwhile.
  List<Path> setAsideAllBut(Set<Long> known) throws IOException {
    List<Path> doomed = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.startsWith(UNNAMED)) {
          doomed.add(entry);
        } else if (!known.contains(id(name))) {
          doomed.add(setAside(entry));
        }
      }
    }
    return doomed;
  }

  // Names that are no id of ours give one that the metadata never gives out.
  private static long id(String name) {
    try {
      return Long.parseLong(name);
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  // A rename, so that a crash in the middle leaves one name or the other.
  private Path setAside(Path entry) throws IOException {
    Path aside = root.resolve(UNNAMED + entry.getFileName() + "-" + UUID.randomUUID());
    try {
      Files.move(entry, aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException _) {
      // Another thread removed it first.
    }
    return aside;
  }

  /// Forces a directory's entries to the disk.
  static void force(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static FileAttribute<Set<PosixFilePermission>> permissions(String mode) {
    return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
  }
}
