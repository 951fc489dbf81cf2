package dev.asterism.snapshotter;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import dev.asterism.linux.RootedDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// Whole trees that a container wrote: any depth, any names, and changing under our eyes.
final class DirectoryTree {
  // Each level holds a descriptor and lengthens the path, which the kernel bounds at 4096 bytes: a
  // thousand characters are at most three thousand.
  private static final int MAX_DEPTH = 32;
  private static final int MAX_PATH = 1000;
  private static final long BLOCK = 4096;
  private static final char NO_TEXT = '\uFFFD'; // stands for bytes of a name that are no text

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
  ///
  /// Of any depth: where a path becomes too long, the directory is opened and the walk goes on from
  /// there, so it holds few descriptors. Names that change meanwhile are counted or not.
  ///
  /// @param unwanted is asked at every entry whether nobody waits for the answer any more
  /// @throws InterruptedIOException if so
  static Usage usage(Path root, BooleanSupplier unwanted) throws IOException {
    try (Walk walk = new Walk(unwanted)) {
      walk.run(root);
      return new Usage(walk.size, walk.inodes);
    }
  }

  /// One walk through a tree. Confined to one thread.
  private static final class Walk implements AutoCloseable {
    private final BooleanSupplier unwanted;
    private final Deque<Level> levels = new ArrayDeque<>(); // the innermost first
    private final Set<Inode> linked = new HashSet<>();
    private long size;
    private long inodes;

    private record Inode(long device, long number) {}

    Walk(BooleanSupplier unwanted) {
      this.unwanted = unwanted;
    }

    void run(Path root) throws IOException {
      if (!count(root)) {
        throw new NotDirectoryException(root.toString());
      }
      enter(root, root);
      while (!levels.isEmpty()) {
        Level level = levels.getFirst();
        if (level.below.isEmpty()) {
          read(level);
        }
        Path directory = level.below.poll();
        if (directory != null) {
          enter(level.base, directory);
        } else {
          levels.removeFirst().close();
        }
      }
    }

    /// Goes into a directory, unless it is none any more.
    ///
    /// @param base where the walked path began
    private void enter(Path base, Path directory) throws IOException {
      try {
        levels.addFirst(
            isShort(base, directory)
                ? Level.of(base, directory)
                : Level.of(RootedDirectory.find(base, below(base, directory))));
      } catch (NoSuchFileException | NotDirectoryException _) {
        // gone meanwhile
      } catch (ErrnoException e) {
        if (e.errno() != Errno.ENOTDIR.number()) {
          throw e;
        }
      }
    }

    /// Reads on in a directory until it knows some that lie there, or has read all.
    private void read(Level level) throws IOException {
      try {
        while (level.below.size() < Level.AHEAD && level.entries.hasNext()) {
          Path entry = level.entries.next();
          if (count(entry)) {
            level.below.add(entry);
          }
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
      if (level.below.size() < Level.AHEAD) {
        level.stream.close(); // the way down needs no descriptor for it
      }
    }

    /// Counts what stands at a path, and tells whether it is a directory. What is gone is not.
    private boolean count(Path file) throws IOException {
      if (unwanted.getAsBoolean()) {
        throw new InterruptedIOException("nobody waits any more for what %s takes".formatted(file));
      }
      Optional<FileStatus> status =
          file.toString().indexOf(NO_TEXT) < 0 ? Links.find(file.toString()) : Optional.empty();
      if (status.isPresent()) {
        if (isFirstName(status.get())) {
          inodes++;
          size += status.get().allocated();
        }
        return status.get().isDirectory();
      }
      // Gone meanwhile, or only a Path can carry its name.
      try {
        BasicFileAttributes attributes =
            Files.readAttributes(file, BasicFileAttributes.class, NOFOLLOW_LINKS);
        inodes++;
        size += Math.ceilDiv(attributes.size(), BLOCK) * BLOCK;
        return attributes.isDirectory();
      } catch (NoSuchFileException _) {
        return false;
      }
    }

    // Only what has several names is remembered: most trees have few such files.
    private boolean isFirstName(FileStatus status) {
      return status.isDirectory()
          || status.links() < 2
          || linked.add(new Inode(status.device(), status.inode()));
    }

    @Override
    public void close() throws IOException {
      for (Level level : levels) {
        level.close();
      }
    }
  }

  /// A directory on the way down.
  ///
  /// @param base a prefix of its path that is known to be short
  /// @param entries what has not been read
  /// @param below directories in it that have not been walked, [#AHEAD] at most: a directory with
  ///   more is read in parts
  /// @param opened what the base stands for, where this is the first one below it
  private record Level(
      Path base,
      DirectoryStream<Path> stream,
      Iterator<Path> entries,
      Deque<Path> below,
      Optional<RootedDirectory> opened)
      implements AutoCloseable {
    static final int AHEAD = 256;

    @SuppressWarnings("StreamResourceLeak") // the level closes it
    static Level of(Path base, Path directory) throws IOException {
      DirectoryStream<Path> stream = Files.newDirectoryStream(directory);
      return new Level(base, stream, stream.iterator(), new ArrayDeque<>(), Optional.empty());
    }

    /// @throws NoSuchFileException if nothing was found
    @SuppressWarnings("StreamResourceLeak") // the level closes it
    static Level of(Optional<RootedDirectory> found) throws IOException {
      RootedDirectory opened = found.orElseThrow(() -> new NoSuchFileException("gone"));
      try {
        Path base = opened.path();
        DirectoryStream<Path> stream = Files.newDirectoryStream(base);
        return new Level(base, stream, stream.iterator(), new ArrayDeque<>(), found);
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      opened.ifPresent(RootedDirectory::close);
      stream.close();
    }
  }

  /// Returns the bytes of `path` behind `base`, which only a URI tells where they are no text.
  private static byte[] below(Path base, Path path) {
    String uri = path.toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < uri.length(); i++) {
      if (uri.charAt(i) == '%') {
        bytes.write(Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(uri.charAt(i));
      }
    }
    byte[] all = bytes.toByteArray();
    return Arrays.copyOfRange(
        all, base.toString().getBytes(StandardCharsets.UTF_8).length + 1, all.length);
  }
}
