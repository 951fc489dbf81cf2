package dev.asterism.cli.warm;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// The file with which Java starts warm: classes as they are once loaded and linked, and profiles
/// of the methods that were hot (JEP 483, 514 and 515). `asterism.aot`, beside the jars.
///
/// `bin/asterism` names it to Java, and Java itself refuses one that another JDK or other jars
/// made: it starts cold then, as without one. `asterism.aot.of` says what the file was made of, so
/// that it is not made for nothing, and a cold start can be told. Immutable.
///
/// @param lib the folder of the program's jars
public record WarmCode(Path lib) {
  /// Returns the one of the program in which `type` is; empty if that does not run from jars.
  public static Optional<WarmCode> of(Class<?> type) {
    CodeSource source = type.getProtectionDomain().getCodeSource();
    if (source == null) {
      return Optional.empty();
    }
    try {
      Path jar = Path.of(source.getLocation().toURI());
      return Files.isRegularFile(jar)
          ? Optional.of(new WarmCode(Objects.requireNonNull(jar.getParent())))
          : Optional.empty();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("class path with an address that is none", e);
    }
  }

  /// Returns the file's path.
  public Path file() {
    return lib.resolve("asterism.aot");
  }

  private Path madeOfFile() {
    return lib.resolve("asterism.aot.of");
  }

  /// Tells whether the file is there and was made by this JDK of these jars.
  public boolean fits() throws IOException {
    try {
      return Files.isRegularFile(file()) && Files.readAllLines(madeOfFile()).equals(ingredients());
    } catch (NoSuchFileException _) {
      return false;
    }
  }

  /// Puts a new file in place of the old one. Processes that have the old one keep it.
  ///
  /// @param made in the same folder; moved away
  void install(Path made) throws IOException {
    Files.deleteIfExists(madeOfFile());
    Files.move(made, file(), StandardCopyOption.ATOMIC_MOVE);
    Files.write(madeOfFile(), ingredients());
  }

  /// What Java compares too: its own build, and each jar's size and time.
  private List<String> ingredients() throws IOException {
    try (Stream<Path> entries = Files.list(lib)) {
      List<Path> jars = entries.filter(path -> path.toString().endsWith(".jar")).sorted().toList();
      Stream.Builder<String> lines = Stream.builder();
      lines.add(System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
      for (Path jar : jars) {
        lines.add(
            "%s %d %d"
                .formatted(
                    jar.getFileName(), Files.size(jar), Files.getLastModifiedTime(jar).toMillis()));
      }
      return lines.build().toList();
    }
  }
}
