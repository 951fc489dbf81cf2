package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.Flock;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// The directories of a cache, held by one process at a time.
///
/// The hold is a file lock: the kernel ends it with the process, however that ends. An exclusive
/// one wants a file that can be written. Where the file system takes no writes the hold is two: a
/// shared one, which keeps out whoever has, or wants, an exclusive one; and a flock(2), which keeps
/// out whoever else cannot write.
final class CacheRoot implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(CacheRoot.class.getName());

  /// The directories lead to every container's files: nobody but the daemon enters. The kernel
  /// reads `objects` for containers with the rights of who mounted it.
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  private static final Set<OpenOption> EXCLUSIVE =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  private static final Set<OpenOption> SHARED = Set.of(StandardOpenOption.READ);

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final Closeable lock;

  private CacheRoot(CacheLayout layout, CacheDisk disk, Closeable lock) {
    this.layout = layout;
    this.disk = disk;
    this.lock = lock;
  }

  /// Makes the root directory if it is not there.
  static void create(Path root) throws IOException {
    Files.createDirectories(root, PosixFilePermissions.asFileAttribute(PRIVATE));
  }

  /// Takes hold of a root and makes what is missing in it.
  ///
  /// @throws IOException if another process holds it, or a directory cannot be made
  static CacheRoot open(CacheLayout layout, CacheDisk disk) throws IOException {
    CacheRoot root = new CacheRoot(layout, disk, lock(layout.lock()));
    try {
      root.makeDirectories();
      return root;
    } catch (IOException | RuntimeException e) {
      root.close();
      throw e;
    }
  }

  /// Takes the lock alone.
  static Closeable lock(Path path) throws IOException {
    try {
      return lock(path, EXCLUSIVE, false);
    } catch (IOException e) {
      if (Cause.of(e) == Cause.READ_ONLY && Files.exists(path)) {
        return lockReadOnly(path);
      }
      throw e;
    }
  }

  private static Closeable lockReadOnly(Path path) throws IOException {
    FileChannel shared = lock(path, SHARED, true);
    try {
      Flock own = Flock.tryLock(path).orElseThrow(() -> isLocked(path));
      return () -> {
        own.close();
        shared.close();
      };
    } catch (IOException e) {
      shared.close();
      throw e;
    }
  }

  private static FileChannel lock(Path path, Set<OpenOption> how, boolean shared)
      throws IOException {
    FileChannel channel = FileChannel.open(path, how);
    try {
      Optional<FileLock> lock = Optional.ofNullable(channel.tryLock(0, Long.MAX_VALUE, shared));
      if (lock.isPresent()) {
        return channel;
      }
    } catch (OverlappingFileLockException _) {
      // this process has it: told below as if another had
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw isLocked(path);
  }

  private static IOException isLocked(Path path) {
    return new IOException("%s is locked: another daemon uses this cache".formatted(path));
  }

  private void makeDirectories() throws IOException {
    Path doubtful = layout.doubtful();
    List<Path> needed =
        List.of(
            layout.objects(),
            layout.chunks(),
            layout.fresh(),
            layout.layers(),
            layout.own(),
            layout.wip(),
            doubtful,
            doubtful.resolve("objects"),
            doubtful.resolve("chunks"));
    for (Path directory : needed) {
      int errno = disk.makeDirectory(directory.toString());
      if (errno != 0 && !Files.isDirectory(directory)) {
        throw new ErrnoException("mkdir(%s)".formatted(directory), errno);
      }
    }
  }

  /// Removes what was being written, or removed, when the last process ended.
  void emptyWip() throws IOException {
    try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(layout.wip())) {
      for (Path path : unfinished) {
        removeTree(path);
      }
    }
  }

  /// Returns the digests that `fresh` lists. Anything else that stands there is not ours, and
  /// stays.
  List<Digest> fresh() throws IOException {
    List<Digest> digests = new ArrayList<>();
    for (String name : CacheLayout.FAN_OUT) {
      digests.addAll(digests(layout.fresh().resolve(name)));
    }
    return digests;
  }

  /// Returns the digests that have files, those of one fan-out directory.
  List<Digest> stored(String fan) throws IOException {
    List<Digest> digests = digests(layout.objects().resolve(fan));
    digests.addAll(digests(layout.chunks().resolve(fan)));
    return digests;
  }

  private static List<Digest> digests(Path directory) throws IOException {
    List<Digest> digests = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
        for (Path file : files) {
          Digest.findHex(file.getFileName().toString()).ifPresent(digests::add);
        }
      }
    }
    return digests;
  }

  /// Returns the layers that have a directory.
  List<Digest> layers() throws IOException {
    Set<Digest> digests = new LinkedHashSet<>();
    for (Path place : List.of(layout.layers(), layout.own())) {
      try (DirectoryStream<Path> directories = Files.newDirectoryStream(place)) {
        for (Path directory : directories) {
          Digest.findHex(directory.getFileName().toString()).ifPresent(digests::add);
        }
      }
    }
    return List.copyOf(digests);
  }

  /// Takes a layer's directories out of sight in one step each, then removes them: what a crash
  /// leaves of them lies in `wip`.
  ///
  /// @param hidden told when the layer's links are out of sight
  void removeLayer(Digest layer, Consumer<Digest> hidden) throws IOException {
    Optional<Path> away = hide(layout.layer(layer));
    hidden.accept(layer);
    if (away.isPresent()) {
      removeTree(away.get());
    }
    remove(layout.ownOf(layer));
  }

  /// Removes what was stored in the other mode.
  void removeOther(CacheMode mode) throws IOException {
    Path other =
        switch (mode) {
          case SHARED -> layout.own();
          case PLAIN -> layout.layers();
        };
    for (StoreWalk.Entry entry : StoreWalk.list(other.toString())) {
      remove(other.resolve(entry.name()).toString());
    }
  }

  private void remove(String directory) throws IOException {
    Optional<Path> away = hide(directory);
    if (away.isPresent()) {
      removeTree(away.get());
    }
  }

  /// Moves a directory to `wip` and returns where it is now: where it was, if it is on another file
  /// system. Empty if there is none.
  private Optional<Path> hide(String directory) throws IOException {
    String away = layout.unfinished();
    int errno = disk.rename(directory, away);
    if (errno == Errno.ENOENT.number()) {
      return Optional.empty();
    }
    if (errno == 0) {
      return Optional.of(Path.of(away));
    }
    if (errno == Errno.EXDEV.number()) {
      return Optional.of(Path.of(directory));
    }
    throw new ErrnoException("rename(%s, %s)".formatted(directory, away), errno);
  }

  /// Removes a file, or a directory with all that is in it.
  static void removeTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "cache lock not released path=" + layout.lock(), e);
    }
  }
}
