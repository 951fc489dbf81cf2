package dev.asterism.registry;

import dev.asterism.content.CorruptContentException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/// Counts the requests of a client by who was asked, a registry or a mirror: what was answered, for
/// each repository, and what was not given. Of very many only the first are counted. Thread-safe.
public final class RequestCounts {
  private static final int MAX_FAILURES = 1024;
  private static final int MAX_ANSWERS = 1 << 14;

  private final ConcurrentMap<Failed, LongAdder> failures = new ConcurrentHashMap<>();
  private final ConcurrentMap<Answered, LongAdder> answers = new ConcurrentHashMap<>();

  RequestCounts() {}

  /// Why a request failed.
  public enum Kind {
    /// There was no answer, or not the whole of it.
    UNREACHABLE,
    /// The answer was an error that may pass: 429, 5xx and the like.
    ERROR,
    /// The answer was no: 401, 403, 404 and the like.
    REFUSED,
    /// The bytes were not those that their digest names.
    WRONG_BYTES
  }

  /// Requests of one host that failed in one way.
  ///
  /// @param host that was asked, with its port if it has one
  public record Failed(String host, Kind kind) {}

  /// @param registry as image references name it
  /// @param host that was asked
  private record Answered(String registry, String repository, String host) {}

  void answered(Repository repository) {
    add(
        answers,
        MAX_ANSWERS,
        new Answered(repository.registry(), repository.name(), repository.endpoint().authority()));
  }

  void failed(Repository repository, IOException failure) {
    failed(repository, kind(failure));
  }

  void failed(Repository repository, Kind kind) {
    add(failures, MAX_FAILURES, new Failed(repository.endpoint().authority(), kind));
  }

  private static <K> void add(ConcurrentMap<K, LongAdder> counts, int most, K key) {
    if (counts.size() < most || counts.containsKey(key)) {
      counts.computeIfAbsent(key, _ -> new LongAdder()).increment();
    }
  }

  private static Kind kind(IOException failure) {
    return switch (failure) {
      case CorruptContentException _ -> Kind.WRONG_BYTES;
      case RegistryException e when e.status().isEmpty() -> Kind.UNREACHABLE;
      case RegistryException e when e.retryable() -> Kind.ERROR;
      case RegistryException _ -> Kind.REFUSED;
      default -> Kind.UNREACHABLE;
    };
  }

  /// Returns what failed since the client was made; what never did is left out.
  public Map<Failed, Long> failures() {
    Map<Failed, Long> sums = new HashMap<>();
    failures.forEach((key, count) -> sums.put(key, count.sum()));
    return sums;
  }

  /// Returns who has answered requests for an image's repository since the client was made, and how
  /// many; nobody where nobody was asked.
  ///
  /// @param image a reference; for anything else nobody has answered
  public SortedMap<String, Long> sources(String image) {
    SortedMap<String, Long> sources = new TreeMap<>();
    try {
      ImageReference reference = ImageReference.parse(image);
      answers.forEach((key, count) -> {
        if (key.registry().equals(reference.host())
            && key.repository().equals(reference.repository())) {
          sources.put(key.host(), count.sum());
        }
      });
    } catch (IllegalArgumentException _) {
      // layers of no image
    }
    return sources;
  }
}
