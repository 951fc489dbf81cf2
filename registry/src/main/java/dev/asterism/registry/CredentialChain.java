package dev.asterism.registry;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Several sources of credentials, asked in order: the first that has one for a registry counts.
///
/// A source that fails is passed by: the registry may be readable with another's credential, or
/// without any. It is logged once for each reason. Thread-safe.
public final class CredentialChain implements Credentials {
  private static final System.Logger LOG = System.getLogger(CredentialChain.class.getName());
  private static final int MAX_LOGGED = 256;

  private final List<Credentials> sources;
  private final Map<String, Boolean> logged = new ConcurrentHashMap<>();

  /// @param sources in order of preference
  public CredentialChain(List<Credentials> sources) {
    this.sources = List.copyOf(sources);
  }

  @Override
  public Optional<Credential> find(String host) throws IOException {
    return find(host, "");
  }

  @Override
  public Optional<Credential> find(String host, String repository) throws IOException {
    for (Credentials source : sources) {
      try {
        Optional<Credential> found = source.find(host, repository);
        if (found.isPresent()) {
          return found;
        }
      } catch (IOException e) {
        log(host, String.valueOf(e.getMessage()));
      }
    }
    return Optional.empty();
  }

  private void log(String host, String why) {
    if (logged.size() < MAX_LOGGED && logged.putIfAbsent(host + why, true) == null) {
      LOG.log(
          System.Logger.Level.WARNING, "credentials not read host={0} cause=\"{1}\"", host, why);
    }
  }

  @Override
  public boolean mayKnowLater() {
    return sources.stream().anyMatch(Credentials::mayKnowLater);
  }

  @Override
  public void refused(String host) {
    sources.forEach(source -> source.refused(host));
  }
}
