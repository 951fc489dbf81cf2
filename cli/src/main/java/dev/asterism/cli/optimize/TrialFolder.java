package dev.asterism.cli.optimize;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A folder for what a trial needs, which goes with all of it: when it is closed, or when the
/// process ends without that ([Leftovers]). What even that left, because the machine went down, the
/// next one removes.
public final class TrialFolder implements AutoCloseable {
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel lock;
  private final Leftovers leftovers;

  private TrialFolder(Path path, FileChannel lock, Leftovers leftovers) {
    this.path = path;
    this.lock = lock;
    this.leftovers = leftovers;
  }

  /// Makes one.
  public static TrialFolder in(Path parent) throws IOException, InterruptedException {
    Path home = Files.createDirectories(parent).toRealPath();
    removeOld(home);
    Path path = Files.createTempDirectory(home, Leftovers.PREFIX);
    FileChannel lock = FileChannel.open(path.resolve(LOCK), CREATE_NEW, WRITE);
    try {
      FileLock _ = lock.lock();
      return new TrialFolder(path, lock, Leftovers.watch(path));
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static void removeOld(Path parent) throws IOException, InterruptedException {
    List<Path> folders = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, Leftovers.PREFIX + "*")) {
      found.forEach(folders::add);
    }
    for (Path folder : folders) {
      if (isAbandoned(folder.resolve(LOCK))) {
        Leftovers.remove(folder);
      }
    }
  }

  /// Tells whether a former trial's process is gone. One that has just begun has no lock yet.
  private static boolean isAbandoned(Path lock) throws IOException {
    try (FileChannel channel = FileChannel.open(lock, WRITE);
        FileLock free = channel.tryLock()) {
      return free != null;
    } catch (NoSuchFileException | AccessDeniedException | OverlappingFileLockException _) {
      return false;
    }
  }

  /// Returns its absolute path, without symlinks.
  public Path path() {
    return path;
  }

  private void remove() throws IOException {
    for (Mount mount : Mounts.table()) {
      if (mount.mountpoint().startsWith(path)) {
        throw new IOException("%s is still mounted".formatted(mount.mountpoint()));
      }
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  @Override
  public void close() throws IOException {
    try {
      remove();
    } finally {
      lock.close();
      leftovers.close();
    }
  }
}
