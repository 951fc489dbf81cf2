package dev.asterism.registry;

import java.util.Optional;

/// Finds the credential for a registry.
///
/// Thread-safe. Asked anew for every token, so what changes is noticed.
@FunctionalInterface
public interface Credentials {
  /// Returns the credential for `host`, or empty for none: then the registry is asked anonymously.
  ///
  /// @param host with its port if it has one, as in [ImageReference#host]; Docker Hub is
  ///   `docker.io`
  Optional<Credential> find(String host);

  /// Returns a source that has none.
  static Credentials anonymous() {
    return _ -> Optional.empty();
  }
}
