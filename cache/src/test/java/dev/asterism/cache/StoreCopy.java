package dev.asterism.cache;

import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/// What a process that dies now leaves of its store: the files and who is linked to whom.
final class StoreCopy {
  private StoreCopy() {}

  /// Copies the tree at `from` to `to`, which is made. Nothing may change meanwhile.
  static void copy(Path from, Path to) throws IOException {
    Map<Long, Path> copied = new HashMap<>(); // by inode
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : (Iterable<Path>) tree::iterator) {
        Path target = to.resolve(from.relativize(path));
        FileStatus status = TestStore.status(path);
        Path first = copied.get(status.inode());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
          Files.setLastModifiedTime(target, Files.getLastModifiedTime(path));
        } else if (first != null) {
          Files.createLink(target, first);
        } else {
          Files.copy(path, target, StandardCopyOption.COPY_ATTRIBUTES);
          copied.put(status.inode(), target);
        }
      }
    }
  }
}
