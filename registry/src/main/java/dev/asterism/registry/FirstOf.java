package dev.asterism.registry;

import dev.asterism.content.CorruptContentException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Asks several endpoints in turn for the same thing, those first that have not failed lately.
final class FirstOf {
  private FirstOf() {}

  /// One endpoint's turn.
  interface Question<E, T> {
    T ask(E endpoint) throws IOException;
  }

  /// Returns the first answer.
  ///
  /// @param choices at least one, in order of preference
  /// @param standing remembers who failed
  /// @param repository how `standing` knows them
  /// @throws IOException if there is no answer: a failure that may pass, else the last one; the
  ///   others suppressed in it
  static <E, T> T each(
      List<E> choices,
      Standing standing,
      Function<E, Repository> repository,
      Question<E, T> question)
      throws IOException {
    List<IOException> failures = new ArrayList<>();
    for (E choice : standing.inOrder(choices, repository)) {
      try {
        T answer = question.ask(choice);
        standing.answered(repository.apply(choice));
        return answer;
      } catch (RegistryException | CorruptContentException e) {
        standing.failed(repository.apply(choice), e);
        failures.add(e);
      }
    }
    throw worst(failures);
  }

  private static IOException worst(List<IOException> failures) {
    int passing = failures.size() - 1;
    while (passing >= 0
        && !(failures.get(passing) instanceof RegistryException known && known.retryable())) {
      passing--;
    }
    IOException thrown = failures.remove(passing < 0 ? failures.size() - 1 : passing);
    failures.forEach(thrown::addSuppressed);
    return thrown;
  }
}
