package dev.asterism.registry;

import dev.asterism.content.CorruptContentException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// Which endpoints have failed lately, so that a mirror that is down costs one timeout and not one
/// for each request.
///
/// An endpoint that did not answer is asked last for 10 seconds, and for twice as long with each
/// failure in a row, up to 5 minutes. One that refused something, because it does not have it or
/// does not know who asks, is asked last for that repository for a minute. One that gave wrong
/// bytes is asked last for 10 minutes. Nobody is left out: who is asked last is asked when all
/// others fail. Where there is one endpoint nothing is remembered. Thread-safe.
final class Standing {
  private static final System.Logger LOG = System.getLogger(Standing.class.getName());
  private static final Duration FIRST = Duration.ofSeconds(10);
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final Duration REFUSED = Duration.ofMinutes(1);
  private static final Duration LIED = Duration.ofMinutes(10);
  private static final int MAX_KNOWN = 4096;

  private final InstantSource clock;
  private final RequestCounts counts;
  private final Map<Matter, Trouble> troubles = new ConcurrentHashMap<>();

  /// @param repository empty for all of the endpoint
  private record Matter(Endpoint endpoint, String repository) {}

  private record Trouble(Instant until, Duration length) {}

  Standing(InstantSource clock, RequestCounts counts) {
    this.clock = clock;
    this.counts = counts;
  }

  /// Returns the same choices: those without trouble, then the others, each in their order.
  <E> List<E> inOrder(List<E> choices, Function<E, Repository> repository) {
    if (choices.size() == 1 || troubles.isEmpty()) {
      return choices;
    }
    List<E> order = new ArrayList<>(choices.size());
    List<E> last = new ArrayList<>();
    for (E choice : choices) {
      (isInTrouble(repository.apply(choice)) ? last : order).add(choice);
    }
    order.addAll(last);
    return order;
  }

  private boolean isInTrouble(Repository repository) {
    Instant now = clock.instant();
    return isInTrouble(new Matter(repository.endpoint(), ""), now)
        || isInTrouble(new Matter(repository.endpoint(), repository.name()), now);
  }

  private boolean isInTrouble(Matter matter, Instant now) {
    Trouble trouble = troubles.get(matter);
    return trouble != null && now.isBefore(trouble.until());
  }

  /// Notes that it answered; what it gave before may still turn out to be wrong.
  void answered(Repository repository) {
    counts.answered(repository);
    if (!troubles.isEmpty() && !isInTrouble(repository)) {
      troubles.remove(new Matter(repository.endpoint(), ""));
      troubles.remove(new Matter(repository.endpoint(), repository.name()));
    }
  }

  /// Notes that it did not give what it was asked for.
  void failed(Repository repository, IOException failure) {
    counts.failed(repository, failure);
    if (failure instanceof CorruptContentException) {
      liedNow(repository);
    } else if (failure instanceof RegistryException known && !known.retryable()) {
      note(new Matter(repository.endpoint(), repository.name()), REFUSED);
    } else {
      Matter matter = new Matter(repository.endpoint(), "");
      Trouble before = troubles.get(matter);
      Duration length = before == null ? FIRST : before.length().multipliedBy(2);
      note(matter, length.compareTo(LONGEST) < 0 ? length : LONGEST);
    }
  }

  /// Notes that its bytes were not those that their digest names.
  void lied(Repository repository) {
    counts.failed(repository, RequestCounts.Kind.WRONG_BYTES);
    liedNow(repository);
  }

  private void liedNow(Repository repository) {
    note(new Matter(repository.endpoint(), ""), LIED);
    LOG.log(
        System.Logger.Level.WARNING,
        "wrong bytes from {0} repository={1}: it is asked last for {2}",
        repository.endpoint(),
        repository.name(),
        LIED);
  }

  private void note(Matter matter, Duration length) {
    if (troubles.size() >= MAX_KNOWN) {
      troubles.clear();
    }
    troubles.put(matter, new Trouble(clock.instant().plus(length), length));
  }
}
