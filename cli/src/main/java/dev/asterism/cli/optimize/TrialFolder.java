package dev.asterism.cli.optimize;

import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/// A folder for what a trial needs, which goes with all of it: when it is closed, or when the
/// process is told to end.
public final class TrialFolder implements AutoCloseable {
  private final Path path;
  private final Thread hook = Thread.ofPlatform().unstarted(this::removeAtLast);

  private TrialFolder(Path path) {
    this.path = path;
  }

  /// Makes one.
  public static TrialFolder in(Path parent) throws IOException {
    Files.createDirectories(parent);
    TrialFolder folder =
        new TrialFolder(Files.createTempDirectory(parent, "asterism-optimize-").toRealPath());
    Runtime.getRuntime().addShutdownHook(folder.hook);
    return folder;
  }

  /// Returns its absolute path, without symlinks.
  public Path path() {
    return path;
  }

  private void removeAtLast() {
    try {
      remove();
    } catch (IOException e) {
      System.err.println("asterism: %s stays: %s".formatted(path, e.getMessage()));
    }
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
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException _) {
        // the process is ending, and the hook does the same
      }
    }
  }
}
