package dev.asterism.snapshotter;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

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
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Whole trees that a container wrote: any depth, any names, and changing under our eyes.
final class DirectoryTree {
  // Each level holds a descriptor and lengthens the path, which the kernel bounds at 4096 bytes.
  private static final int MAX_DEPTH = 32;
  private static final int MAX_PATH = 2048;
  private static final long BLOCK = 4096;

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
        } else if (depth < MAX_DEPTH && entry.toString().length() < MAX_PATH) {
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

  /// Returns what `root` and all below it take: bytes in blocks of 4 KiB (a sparse file counts as
  /// full), every inode once.
  static Usage usage(Path root) throws IOException {
    Counter counter = new Counter();
    Files.walkFileTree(root, counter);
    return new Usage(counter.size, counter.inodes);
  }

  private static final class Counter extends SimpleFileVisitor<Path> {
    private final Set<Object> linked = new HashSet<>();
    private long size;
    private long inodes;

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      count(attributes);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
      if (isFirstName(file, attributes)) {
        count(attributes);
      }
      return FileVisitResult.CONTINUE;
    }

    // Only what has several names is remembered: most trees have few such files.
    private boolean isFirstName(Path file, BasicFileAttributes attributes) throws IOException {
      try {
        int names = (int) Files.getAttribute(file, "unix:nlink", NOFOLLOW_LINKS);
        return names < 2 || linked.add(attributes.fileKey());
      } catch (NoSuchFileException _) {
        return false;
      }
    }

    private void count(BasicFileAttributes attributes) {
      inodes++;
      size += Math.ceilDiv(attributes.size(), BLOCK) * BLOCK;
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
