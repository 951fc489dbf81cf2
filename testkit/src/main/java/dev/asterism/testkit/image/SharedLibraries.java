package dev.asterism.testkit.image;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The shared libraries that programs of this machine need, by what `ldd` says.
final class SharedLibraries {
  private SharedLibraries() {}

  /// Finds the libraries outside of `folder` that the programs and libraries inside it load, the
  /// dynamic linker among them.
  static NavigableSet<Path> of(Path folder) throws IOException, InterruptedException {
    List<Path> binaries;
    try (Stream<Path> files = Files.walk(folder)) {
      binaries = files.filter(SharedLibraries::isBinary).toList();
    }
    NavigableSet<Path> found = of(binaries);
    found.removeIf(library -> library.startsWith(folder));
    return found;
  }

  /// Finds the libraries that these files load.
  static NavigableSet<Path> of(List<Path> binaries) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("ldd"));
    binaries.forEach(binary -> words.add(binary.toString()));
    NavigableSet<Path> found = new TreeSet<>();
    // Its exit code is 1 when a single file is static.
    for (String line : Command.of(words).run().text().lines().toList()) {
      library(line.strip()).ifPresent(found::add);
    }
    return found;
  }

  /// Reads `libc.so.6 => /lib/libc.so.6 (0x…)` and `/lib64/ld-linux-x86-64.so.2 (0x…)`.
  private static Optional<Path> library(String line) {
    int address = line.indexOf(" (0x");
    if (address < 0) {
      return Optional.empty();
    }
    int arrow = line.indexOf("=> ");
    String path = line.substring(arrow < 0 ? 0 : arrow + 3, address);
    return path.startsWith("/") ? Optional.of(Path.of(path)) : Optional.empty();
  }

  private static boolean isBinary(Path file) {
    return Files.isRegularFile(file)
        && (file.toString().endsWith(".so") || file.endsWith("bin/java"));
  }
}
