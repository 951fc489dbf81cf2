package dev.asterism.registry;

import dev.asterism.content.SingleFlight;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Gets bearer tokens from the token services of registries and keeps them until shortly before
/// they expire (distribution specification, "Token Authentication").
///
/// One request at a time per key, however many ask. Thread-safe.
final class Tokens {
  private static final int MAX_ANSWER = 1 << 20; // 1 MiB
  private static final int MAX_TOKEN = 24 << 10; // 24 KiB: it must fit into a header
  private static final int MAX_KEPT = 4096;

  /// What a service that does not say means (distribution specification).
  private static final Duration DEFAULT_LIFE = Duration.ofSeconds(60);

  private static final Duration LONGEST_LIFE = Duration.ofDays(1);

  private final Transport transport;
  private final Credentials credentials;
  private final RequestPolicy policy;
  private final InstantSource clock;
  private final ConcurrentHashMap<Key, Token> kept = new ConcurrentHashMap<>();
  private final SingleFlight<Key, Token> fetches =
      new SingleFlight<>((_, fetch) -> Thread.ofVirtual().name("registry-token").start(fetch));

  Tokens(Transport transport, Credentials credentials, RequestPolicy policy, InstantSource clock) {
    this.transport = transport;
    this.credentials = credentials;
    this.policy = policy;
    this.clock = clock;
  }

  /// What a token is for.
  ///
  /// @param host registry whose credential is shown to the service
  /// @param realm address of the service; only [#keyOf] makes one, after checking it
  record Key(String host, URI realm, String service, String scope) {}

  private record Token(String text, Instant expiresAt) {
    @Override
    public String toString() {
      return "Token[secret]";
    }
  }

  /// Reads a bearer challenge of `endpoint`.
  ///
  /// @throws RegistryException if its realm is no address that a credential may be sent to: HTTPS,
  ///   or plain HTTP where the registry itself is asked so or the service is on this machine
  static Key keyOf(Challenge challenge, String what, Endpoint endpoint, String host, String scope)
      throws RegistryException {
    String realm = challenge.parameter("realm", "");
    try {
      URI uri = new URI(realm).parseServerAuthority();
      boolean known =
          "https".equalsIgnoreCase(uri.getScheme())
              || ("http".equalsIgnoreCase(uri.getScheme())
                  && (endpoint.scheme().equals("http")
                      || Endpoint.isLoopback(String.valueOf(uri.getRawAuthority()))));
      if (known && uri.getHost() != null && uri.getRawUserInfo() == null) {
        return new Key(host, uri, challenge.parameter("service", ""), scope);
      }
    } catch (URISyntaxException _) {
      // the same answer as for an address that parses and is none
    }
    throw RegistryException.unusable(
        what, "the registry names no token service that may be asked (realm of its challenge)");
  }

  /// Returns a token that is valid now.
  String get(Key key, Patience patience) throws IOException {
    Token token = kept.get(key);
    if (token != null && clock.instant().isBefore(token.expiresAt())) {
      return token.text();
    }
    String what = "token for " + key.scope() + " at " + key.host();
    try {
      return fetches
          .get(key, () -> fetchAndKeep(key, what))
          .get(patience.left().toNanos(), TimeUnit.NANOSECONDS)
          .text();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException(what, e.getCause());
    } catch (TimeoutException e) {
      throw RegistryException.unreachable(what, "the token service does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException(what).initCause(e);
    }
  }

  /// Forgets a token that the registry did not accept. One that came after it stays.
  void refuse(Key key, String token) {
    kept.computeIfPresent(key, (_, known) -> known.text().equals(token) ? null : known);
  }

  private Token fetchAndKeep(Key key, String what) throws IOException {
    Token token = fetch(key, what);
    if (kept.size() >= MAX_KEPT) {
      kept.clear();
    }
    kept.put(key, token);
    return token;
  }

  private Token fetch(Key key, String what) throws IOException {
    Patience patience = new Patience(policy.patience());
    patience.enter();
    Instant asked = clock.instant();
    try {
      Optional<Credential> credential = credentials.find(key.host(), repository(key));
      try {
        return ask(key, what, credential, asked, patience);
      } catch (RegistryException e) {
        if (!isAboutCredentials(e.status().orElse(0))) {
          throw e;
        }
        if (credential.isEmpty()) {
          throw credentials.mayKnowLater() ? e.untilCredentialsAreKnown() : e;
        }
        credentials.refused(key.host());
        Optional<Credential> newer = credentials.find(key.host(), repository(key));
        if (newer.equals(credential)) {
          throw e;
        }
        return ask(key, what, newer, asked, patience);
      }
    } finally {
      patience.leave();
    }
  }

  private Token ask(
      Key key, String what, Optional<Credential> credential, Instant asked, Patience patience)
      throws IOException {
    try (Answer answer = transport.send(request(key, what, credential), patience)) {
      if (answer.status() != 200) {
        throw Refusal.of(answer, clock);
      }
      return token(JsonObject.parse(what, answer.readAll(MAX_ANSWER)), what, asked);
    }
  }

  /// Token services say 400 of a refresh token that is no longer good (RFC 6749, section 5.2).
  private static boolean isAboutCredentials(int status) {
    return status == 400 || status == 401 || status == 403;
  }

  /// Returns the repository that a token is for, the first of its scope.
  private static String repository(Key key) {
    String[] parts = key.scope().split(" ", -1)[0].split(":", -1);
    return parts.length == 3 && parts[0].equals("repository") ? parts[1] : "";
  }

  private static Transport.Request request(Key key, String what, Optional<Credential> credential) {
    Map<String, String> parameters = new LinkedHashMap<>();
    if (!key.service().isEmpty()) {
      parameters.put("service", key.service());
    }
    parameters.put("scope", key.scope());
    if (credential.orElse(null) instanceof Credential.IdentityToken(String refresh)) {
      parameters.put("grant_type", "refresh_token");
      parameters.put("client_id", "asterism");
      parameters.put("refresh_token", refresh);
      return new Transport.Request(what, "POST", key.realm(), Map.of(), encoded(parameters));
    }
    String query = key.realm().getRawQuery();
    String base = key.realm().toString();
    int end = base.indexOf('#') < 0 ? base.length() : base.indexOf('#');
    // Each scope by itself here; in a form they stand in one field.
    parameters.remove("scope");
    StringBuilder asked = new StringBuilder(encoded(parameters));
    for (String scope : key.scope().split(" ", -1)) {
      asked.append(asked.isEmpty() ? "" : "&").append(encoded(Map.of("scope", scope)));
    }
    URI uri = URI.create(base.substring(0, end) + (query == null ? "?" : "&") + asked);
    Map<String, String> headers =
        credential.orElse(null) instanceof Credential.Basic basic
            ? Map.of("Authorization", basic(basic))
            : Map.of();
    return new Transport.Request(what, "GET", uri, headers, "");
  }

  /// Returns the header value of RFC 7617.
  static String basic(Credential.Basic credential) {
    byte[] pair =
        (credential.user() + ":" + credential.password()).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(pair);
  }

  private static String encoded(Map<String, String> parameters) {
    StringJoiner joined = new StringJoiner("&");
    parameters.forEach(
        (name, value) -> joined.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8)));
    return joined.toString();
  }

  private static Token token(JsonObject answer, String what, Instant asked)
      throws RegistryException {
    String text = answer.string("token").or(() -> answer.string("access_token")).orElse("");
    if (text.isEmpty()
        || text.length() > MAX_TOKEN
        || !text.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw RegistryException.unusable(what, "the token service's answer holds no usable token");
    }
    Duration life = answer.number("expires_in").map(Tokens::life).orElse(DEFAULT_LIFE);
    return new Token(text, asked.plus(life.multipliedBy(9).dividedBy(10)));
  }

  private static Duration life(long seconds) {
    return Duration.ofSeconds(Math.clamp(seconds, 0, LONGEST_LIFE.toSeconds()));
  }
}
