package dev.asterism.cli;

import dev.asterism.cli.config.Configuration.Scope;
import dev.asterism.cli.handover.RootMounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Who shares what lies below a root: that is told once, by the first daemon that serves it.
final class RootScope {
  private RootScope() {}

  /// Checks that a root is not in use the other way. Content that all shared is not given to one
  /// namespace, nor what namespaces kept apart to all.
  ///
  /// @throws IOException if it is; nothing has changed then
  static void check(Path root, Scope scope) throws IOException {
    Path other =
        switch (scope) {
          case NODE -> root.resolve(RootMounts.NAMESPACES);
          case NAMESPACE -> root.resolve("metadata.db");
        };
    if (Files.exists(other)) {
      throw new IOException(
          ("%s was used with the other directory_cache.scope: %s is there, and the configuration says"
                  + " \"%s\". Give the daemon a new --root, or remove all images and containers of this"
                  + " snapshotter, run 'asterism unmount --all --root %s' and delete that directory")
              .formatted(root, other, scope.word(), root));
    }
  }
}
