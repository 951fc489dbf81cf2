package dev.asterism.cli;

import dev.asterism.registry.CredentialChain;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.DockerConfig;
import java.nio.file.Path;
import java.util.List;

/// Where the credentials of whoever runs this come from.
final class RegistryLogin {
  private RegistryLogin() {}

  /// Returns what `docker login` left: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
  /// Registries that it does not name are asked anonymously; so are those whose helper fails, with
  /// a warning.
  static Credentials ofUser() {
    String directory = System.getenv("DOCKER_CONFIG");
    Path file =
        directory == null || directory.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".docker", "config.json")
            : Path.of(directory, "config.json");
    return new CredentialChain(List.of(new DockerConfig(file)));
  }
}
