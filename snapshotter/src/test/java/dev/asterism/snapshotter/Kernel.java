package dev.asterism.snapshotter;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.asterism.testkit.process.Command;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What tests with real mounts need. A mount is made in a child process with a mount namespace of
/// its own: nothing of it is seen here, and it goes when the child does.
final class Kernel {
  private static final int ONE_PAGE = 4095;

  private Kernel() {}

  /// Skips the test, or fails it where kernel tests are required, unless we are root and have every
  /// tool.
  static void require(String... tools) {
    if (!"root".equals(System.getProperty("user.name"))) {
      missing("not root");
    }
    for (String tool : tools) {
      if (Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
          .noneMatch(directory -> Files.isExecutable(Path.of(directory, tool)))) {
        missing("no " + tool + " on the path");
      }
    }
  }

  private static void missing(String what) {
    if ("required".equals(System.getProperty("kernel.tests"))) {
      fail("kernel tests are required here: " + what);
    }
    abort(what);
  }

  /// Mounts all at one place, runs a shell script inside and returns what it printed.
  ///
  /// @param scratch an existing directory; the mountpoint is made in it
  static String in(Path scratch, List<Mount> mounts, String script) throws Exception {
    Path mountpoint = Files.createTempDirectory(scratch, "m-");
    try {
      StringBuilder text = new StringBuilder("set -e\n");
      for (Mount mount : mounts) {
        text.append("cd /\n").append(mountCommand(mount, mountpoint)).append('\n');
      }
      text.append("cd '%s'\n%s".formatted(mountpoint, script));
      return run("unshare", "--mount", "--propagation", "private", "sh", "-c", text.toString());
    } finally {
      Files.delete(mountpoint);
    }
  }

  private static String mountCommand(Mount mount, Path mountpoint) {
    if (mount.type().equals("bind")) {
      String bind = "mount --rbind '%s' '%s'".formatted(mount.source(), mountpoint);
      return mount.options().contains("ro")
          ? bind + "\nmount -o remount,bind,ro '%s'".formatted(mountpoint)
          : bind;
    }
    String options = String.join(",", mount.options());
    if (options.length() <= ONE_PAGE) {
      return "mount -t %s %s '%s' -o '%s'"
          .formatted(mount.type(), mount.source(), mountpoint, options);
    }
    return compactCommand(mount, mountpoint);
  }

  // As containerd does when the options are longer than a page: relative lower directories.
  private static String compactCommand(Mount mount, Path mountpoint) {
    List<String> options = new ArrayList<>(mount.options());
    String lower =
        options.stream().filter(o -> o.startsWith("lowerdir=")).findFirst().orElseThrow();
    Path common =
        Path.of(lower.substring("lowerdir=".length()).split(":", -1)[0])
            .resolve("../..")
            .normalize();
    options.replaceAll(o -> o.equals(lower) ? lower.replace(common + "/", "") : o);
    return "cd '%s'\nmount -t %s %s '%s' -o '%s'"
        .formatted(common, mount.type(), mount.source(), mountpoint, String.join(",", options));
  }

  /// Runs a command and returns what it printed, white space at the end left out.
  ///
  /// @throws IOException if it ends with something other than 0; the message has what it said
  static String run(String... command) throws IOException, InterruptedException {
    return Command.of(command).runOrThrow().text();
  }
}
