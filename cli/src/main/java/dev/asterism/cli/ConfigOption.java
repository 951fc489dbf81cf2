package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.config.ConfigurationFile;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option that names the configuration file.
final class ConfigOption {
  private static final Logger LOG = System.getLogger(ConfigOption.class.getName());
  private static final Path DEFAULT = Path.of("/etc/asterism/config.toml");

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "configuration (default: /etc/asterism/config.toml, which need not be there)")
  private Optional<Path> file = Optional.empty();

  /// Returns the file that is read; empty if there is none.
  Optional<Path> path() {
    return file.or(() -> Optional.of(DEFAULT).filter(Files::exists));
  }

  /// Reads the file.
  ///
  /// @throws IOException if it is wrong, or named but not there
  ConfigurationFile.Loaded read() throws IOException {
    Optional<Path> path = path();
    return path.isPresent() ? ConfigurationFile.load(path.get()) : ConfigurationFile.Loaded.NOTHING;
  }

  /// Reads the file, and logs a warning for each of its keys that changes nothing.
  ///
  /// @throws IOException if it is wrong, or named but not there
  Configuration load() throws IOException {
    ConfigurationFile.Loaded loaded = read();
    loaded.warnings().forEach(warning -> LOG.log(Level.WARNING, warning));
    return loaded.configuration();
  }
}
