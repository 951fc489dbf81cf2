package dev.asterism.registry;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// Asks several endpoints in turn for the same thing.
final class FirstOf {
  private FirstOf() {}

  /// One endpoint's turn.
  interface Question<E, T> {
    T ask(E endpoint) throws IOException;
  }

  /// Returns the first answer.
  ///
  /// @param endpoints at least one
  /// @throws RegistryException the last failure if there is no answer, the others suppressed in it
  static <E, T> T each(List<E> endpoints, Question<E, T> question) throws IOException {
    Optional<RegistryException> last = Optional.empty();
    for (E endpoint : endpoints) {
      try {
        return question.ask(endpoint);
      } catch (RegistryException e) {
        last.ifPresent(e::addSuppressed);
        last = Optional.of(e);
      }
    }
    throw last.orElseThrow(() -> new IllegalArgumentException("no endpoints"));
  }
}
