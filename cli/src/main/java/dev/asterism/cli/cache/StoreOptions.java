package dev.asterism.cli.cache;

import dev.asterism.cli.Progress;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// The options that say which store.
final class StoreOptions {
  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "the daemon's root directory (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  /// Returns the daemon's root, absolute.
  Path root() {
    return root.toAbsolutePath().normalize();
  }

  /// Returns the daemon's root, where a store is.
  ///
  /// @throws IOException if there is none
  Path existing() throws IOException {
    StoreContent.requireStore(root());
    return root();
  }

  /// Reads what is there, showing how far it is.
  StoreContent read() throws IOException {
    Progress progress = Progress.onStandardError();
    try {
      return StoreContent.read(
          root(),
          names ->
              progress.passing("reading the store: %s names".formatted(ByteText.count(names))));
    } finally {
      progress.done();
    }
  }
}
