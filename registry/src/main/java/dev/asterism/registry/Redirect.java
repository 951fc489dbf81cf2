package dev.asterism.registry;

import java.net.URI;
import java.util.Optional;

/// Where a registry last sent the readers of one blob, so that the next request goes straight
/// there.
///
/// Kept until the address fails: most are signed and expire. Thread-safe.
final class Redirect {
  private Optional<URI> target = Optional.empty();

  synchronized Optional<URI> target() {
    return target;
  }

  synchronized void remember(URI address) {
    target = Optional.of(address);
  }

  /// Forgets `failed`, unless another thread has already found a newer address.
  synchronized void forget(URI failed) {
    if (target.equals(Optional.of(failed))) {
      target = Optional.empty();
    }
  }
}
