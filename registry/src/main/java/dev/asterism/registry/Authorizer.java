package dev.asterism.registry;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Knows what each registry wants to see before it lets a repository be read.
///
/// Nothing is sent until a registry has asked for it; what it asked for is remembered, so that only
/// the first request of a repository is made twice. Thread-safe.
final class Authorizer {
  private static final int MAX_KNOWN = 4096;

  private final Credentials credentials;
  private final Tokens tokens;
  private final Map<Realm, Scheme> known = new ConcurrentHashMap<>();

  Authorizer(Credentials credentials, Tokens tokens) {
    this.credentials = credentials;
    this.tokens = tokens;
  }

  /// What is protected: a repository behind an endpoint, which belongs to a registry.
  ///
  /// @param host whose credentials are shown: the registry's, or a mirror's own
  /// @param registry whose content it is
  /// @param scope what a token is asked for (distribution specification, "Token Scope"); several
  ///   are separated by a space
  record Realm(Endpoint endpoint, String host, String registry, String repository, String scope) {
    /// To be read.
    Realm(Endpoint endpoint, String registry, String repository) {
      this(
          endpoint,
          endpoint.credentialHost(registry),
          registry,
          repository,
          "repository:" + repository + ":pull");
    }

    /// Returns the same, to be written to as well.
    Realm writable() {
      return new Realm(
          endpoint, host, registry, repository, "repository:" + repository + ":pull,push");
    }

    /// Returns the same, with another repository to be read.
    Realm reading(String other) {
      return new Realm(
          endpoint, host, registry, repository, scope + " repository:" + other + ":pull");
    }
  }

  private sealed interface Scheme {
    record Basic() implements Scheme {}

    record Bearer(Tokens.Key key) implements Scheme {}
  }

  /// Returns the value of the `Authorization` header for a request; empty for none.
  Optional<String> authorization(Realm realm, Patience patience) throws IOException {
    Scheme scheme = known.get(realm);
    if (scheme == null) {
      return Optional.empty();
    }
    return switch (scheme) {
      case Scheme.Basic _ -> basic(realm);
      case Scheme.Bearer(Tokens.Key key) -> Optional.of("Bearer " + tokens.get(key, patience));
    };
  }

  private Optional<String> basic(Realm realm) throws IOException {
    return credentials.find(realm.host(), realm.repository()).orElse(null)
            instanceof Credential.Basic basic
        ? Optional.of(Tokens.basic(basic))
        : Optional.empty();
  }

  /// Learns from an answer with status 401.
  ///
  /// @param sent what [#authorization] gave for that request
  /// @return whether the request may be worth repeating
  boolean learn(Realm realm, Answer refusal, Optional<String> sent) throws IOException {
    List<Challenge> challenges =
        refusal.headers("WWW-Authenticate").stream()
            .flatMap(header -> Challenge.parse(header).stream())
            .toList();
    Optional<Challenge> bearer =
        challenges.stream().filter(c -> c.scheme().equals("bearer")).findFirst();
    if (bearer.isPresent()) {
      Tokens.Key key =
          Tokens.keyOf(bearer.get(), refusal.what(), realm.endpoint(), realm.host(), realm.scope());
      sent.filter(header -> header.startsWith("Bearer "))
          .ifPresent(header -> tokens.refuse(key, header.substring("Bearer ".length())));
      remember(realm, new Scheme.Bearer(key));
      return true;
    }
    boolean wantsBasic = challenges.stream().anyMatch(c -> c.scheme().equals("basic"));
    if (!wantsBasic || anotherThan(sent, realm).isEmpty()) {
      return false;
    }
    remember(realm, new Scheme.Basic());
    return true;
  }

  /// Returns a password that was not refused just now. Where somebody has found another one
  /// meanwhile, the credentials are not told of the refusal once more.
  private Optional<String> anotherThan(Optional<String> sent, Realm realm) throws IOException {
    Optional<String> found = basic(realm);
    if (sent.isPresent() && (found.equals(sent) || !sent.get().startsWith("Basic "))) {
      credentials.refused(realm.host());
      found = basic(realm);
    }
    return found.filter(password -> !sent.equals(Optional.of(password)));
  }

  /// Learns from an answer with status 403. Some registries (ECR) say that of a password that has
  /// expired, and show no challenge.
  ///
  /// @param sent as [#learn]
  /// @return whether there is another password now, with which the request may be worth repeating
  boolean knowsAnother(Realm realm, Optional<String> sent) throws IOException {
    return known.get(realm) instanceof Scheme.Basic
        && sent.isPresent()
        && anotherThan(sent, realm).isPresent();
  }

  /// Returns what a refusal means: one that credentials would help against passes, where none are
  /// known and some may be soon.
  RegistryException refusal(Realm realm, RegistryException answer) throws IOException {
    int status = answer.status().orElse(0);
    return (status == 401 || status == 403)
            && credentials.mayKnowLater()
            && credentials.find(realm.host(), realm.repository()).isEmpty()
        ? answer.untilCredentialsAreKnown()
        : answer;
  }

  private void remember(Realm realm, Scheme scheme) {
    if (known.size() >= MAX_KNOWN) {
      known.clear();
    }
    known.put(realm, scheme);
  }
}
