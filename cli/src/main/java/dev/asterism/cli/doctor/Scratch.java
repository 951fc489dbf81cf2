package dev.asterism.cli.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A directory on the file system where the store would lie, for things to be tried in. Gone, with
/// what is in it, once closed. Confined to one thread.
final class Scratch implements AutoCloseable {
  private final Path directory;

  private Scratch(Path directory) {
    this.directory = directory;
  }

  /// Makes one in `root`, or in the nearest of its parents that is there.
  ///
  /// @throws java.nio.file.AccessDeniedException if this process may not write there
  /// @throws IOException if nothing can be written there otherwise
  static Scratch below(Path root) throws IOException {
    return new Scratch(Files.createTempDirectory(existing(root), ".asterism-doctor"));
  }

  /// The nearest directory at or above `root` that is there: whose file system `root` would be on.
  static Path existing(Path root) {
    Path folder = root.toAbsolutePath();
    while (!Files.isDirectory(folder)) {
      folder = Optional.ofNullable(folder.getParent()).orElse(Path.of("/"));
    }
    return folder;
  }

  Path path() {
    return directory;
  }

  @Override
  public void close() throws IOException {
    List<Path> names;
    try (Stream<Path> entries = Files.list(directory)) {
      names = entries.toList();
    }
    for (Path name : names) {
      Files.delete(name);
    }
    Files.delete(directory);
  }
}
