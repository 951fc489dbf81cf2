package dev.asterism.snapshotter;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Whole trees that a container wrote: any depth, any names, and changing under our eyes.
final class DirectoryTree {
  // Each level holds a descriptor and lengthens the path, which the kernel bounds at 4096 bytes: a
  // thousand characters are at most three thousand.
  private static final int MAX_DEPTH = 32;
  private static final int MAX_PATH = 1000;
  private static final long BLOCK = 4096;
  private static final long STAT_UNIT = 512; // stat(2), st_blocks

  private DirectoryTree() {}

  /// Deletes `root` and all below it, links not followed. What is gone already is no error.
  ///
  /// A directory too deep for a path is first moved up into `root`, so any depth is deleted.
  static void delete(Path root) throws IOException {
    while (!deleteLevels(root, root, 0)) {
      // Something was moved up while `root` was being listed: once more.
    }
  }

  /// Deletes what can be reached; tells whether `directory` itself went too.
  private static boolean deleteLevels(Path root, Path directory, int depth) throws IOException {
    boolean complete = true;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (!Files.isDirectory(entry, NOFOLLOW_LINKS)) {
          Files.deleteIfExists(entry);
        } else if (depth < MAX_DEPTH && isShort(root, entry)) {
          complete &= deleteLevels(root, entry, depth + 1);
        } else {
          Files.move(entry, Files.createTempDirectory(root, "deep-").resolve("d"));
          complete = false;
        }
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      return true;
    }
    if (depth > 0 || complete) {
      Files.deleteIfExists(directory);
    }
    return complete;
  }

  private static boolean isShort(Path root, Path entry) {
    return entry.toString().length() - root.toString().length() < MAX_PATH;
  }

  /// Returns what `root` and all below it take on the disk, every inode counted once.
  static Usage usage(Path root) throws IOException {
    Counter counter = new Counter();
    Files.walkFileTree(root, counter);
    return new Usage(counter.size, counter.inodes);
  }

  private static final class Counter extends SimpleFileVisitor<Path> {
    private final Set<Inode> linked = new HashSet<>();
    private long size;
    private long inodes;

    private record Inode(long device, long number) {}

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
        throws IOException {
      count(directory, attributes);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      count(file, attributes);
      return FileVisitResult.CONTINUE;
    }

    private void count(Path file, BasicFileAttributes attributes) throws IOException {
      Optional<FileStatus> status = Links.find(file.toString());
      if (status.isEmpty()) {
        // Gone meanwhile, or its name is no text and only a Path can carry it.
        inodes++;
        size += Math.ceilDiv(attributes.size(), BLOCK) * BLOCK;
      } else if (isFirstName(status.get(), attributes)) {
        inodes++;
        size += status.get().blocks() * STAT_UNIT;
      }
    }

    // Only what has several names is remembered: most trees have few such files.
    private boolean isFirstName(FileStatus status, BasicFileAttributes attributes) {
      return attributes.isDirectory()
          || status.links() < 2
          || linked.add(new Inode(status.device(), status.inode()));
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) throws IOException {
      if (failure instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw failure;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
        throws IOException {
      if (failure != null && !(failure instanceof NoSuchFileException)) {
        throw failure;
      }
      return FileVisitResult.CONTINUE;
    }
  }
}
