package dev.asterism.registry;

import java.io.IOException;
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
  /// @throws IOException if it cannot be told, e.g. because a file is unreadable
  Optional<Credential> find(String host) throws IOException;

  /// As [#find(String)], for a source that knows credentials of single repositories.
  ///
  /// @param repository as in [ImageReference#repository]; empty where it is not known
  default Optional<Credential> find(String host, String repository) throws IOException {
    return find(host);
  }

  /// Tells whether what is not known of a registry now may be known soon, without anybody changing
  /// anything: a source that follows something else has not been told yet, or anew.
  default boolean mayKnowLater() {
    return false;
  }

  /// Is told that a registry did not accept what was found for it: what was remembered may be old.
  default void refused(String host) {}

  /// Returns a source that has none.
  static Credentials anonymous() {
    return _ -> Optional.empty();
  }
}
