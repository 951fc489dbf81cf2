package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.spi.ToolProvider;

/// A folder as `./dev build` leaves it, `bin/asterism` beside `lib/`, made from this build's
/// classes and from the launcher that is shipped.
final class Dist {
  private static final String LAUNCHER = "packaging/dist/bin/asterism";

  private Dist() {}

  /// Makes one at `folder`, which is not there yet, and returns its program.
  static Path create(Path folder) throws IOException, InterruptedException {
    Path lib = Files.createDirectories(folder.resolve("lib"));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry).toAbsolutePath();
      if (Files.isRegularFile(path)) {
        Files.copy(path, lib.resolve(path.getFileName()));
      } else if (path.endsWith("target/classes")) {
        pack(path, lib.resolve(module(path).getFileName() + ".jar"));
      }
    }
    Path program = folder.resolve("bin/asterism");
    Files.createDirectories(program.getParent());
    Command.of("cp", "-p", repository().resolve(LAUNCHER).toString(), program.toString())
        .runOrThrow();
    return program;
  }

  private static void pack(Path classes, Path jar) throws IOException {
    ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
    int result =
        tool.run(
            System.out,
            System.err,
            "--create",
            "--no-compress",
            "--file=" + jar,
            "-C",
            classes.toString(),
            ".");
    if (result != 0) {
      throw new IOException("jar of %s: exit code %d".formatted(classes, result));
    }
  }

  private static Path module(Path classes) {
    return Optional.ofNullable(classes.getParent()).map(Path::getParent).orElseThrow();
  }

  private static Path repository() throws IOException {
    Optional<Path> folder = Optional.of(Path.of("").toAbsolutePath());
    while (folder.isPresent()) {
      if (Files.exists(folder.get().resolve(LAUNCHER))) {
        return folder.get();
      }
      folder = Optional.ofNullable(folder.get().getParent());
    }
    throw new IOException("no %s above %s".formatted(LAUNCHER, Path.of("").toAbsolutePath()));
  }
}
