package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The kernel's memory of what is on disk.
final class PageCache {
  private PageCache() {}

  /// Makes the kernel forget file content, names and inodes, of the whole machine. Needs root.
  ///
  /// Source: `Documentation/admin-guide/sysctl/vm.rst`, `drop_caches`: only clean pages go, hence
  /// the sync.
  static void drop() throws IOException, InterruptedException {
    Command.of("sync").runOrThrow();
    Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
  }
}
