package dev.asterism.cache;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/// A file system that a test mounted; unmounted by [#close], and at once even if somebody is in it.
record Mounted(Path directory) implements AutoCloseable {
  /// Skips the test, or fails it where kernel tests are required, unless we are root and have the
  /// tools.
  static void require(String... tools) {
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("not root");
    }
    for (String tool : tools) {
      if (List.of("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/").stream()
          .noneMatch(directory -> Files.isExecutable(Path.of(directory + tool)))) {
        missing("no " + tool);
      }
    }
  }

  private static void missing(String what) {
    if ("required".equals(System.getProperty("kernel.tests"))) {
      fail("kernel tests are required here: " + what);
    }
    abort(what);
  }

  static Mounted tmpfs(Path directory, String options) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory.toString());
    return new Mounted(directory);
  }

  /// Makes a file system in a file and mounts it.
  static Mounted image(Path directory, long size, String... mkfs)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    Path image = directory.resolveSibling(directory.getFileName() + ".img");
    run("truncate", "-s", String.valueOf(size), image.toString());
    String[] command = Arrays.copyOf(mkfs, mkfs.length + 1);
    command[mkfs.length] = image.toString();
    run(command);
    run("mount", "-o", "loop", image.toString(), directory.toString());
    return new Mounted(directory);
  }

  void remount(String options) throws IOException, InterruptedException {
    run("mount", "-o", "remount," + options, directory.toString());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (Command.of("umount", directory.toString()).run().exitCode() != 0) {
      run("umount", "-l", directory.toString());
    }
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Command.of(command).runOrThrow();
  }
}
