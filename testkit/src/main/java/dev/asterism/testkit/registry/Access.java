package dev.asterism.testkit.registry;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Who may read, and the tokens that say so.
///
/// Thread-safe.
final class Access {
  private final ConcurrentHashMap<String, String> scopeOfToken = new ConcurrentHashMap<>();
  private final AtomicInteger issued = new AtomicInteger();
  private final String scheme;
  private volatile Rule rule = new Rule.Open();

  /// @param scheme of the token service: `http` or `https`
  Access(String scheme) {
    this.scheme = scheme;
  }

  /// What is asked of a reader.
  sealed interface Rule {
    /// Nothing.
    record Open() implements Rule {}

    /// A password with each request.
    record Basic(String user, String password) implements Rule {}

    /// A token from the token service. Empty strings: it gives one to everybody.
    record Bearer(String user, String password, int lifeSeconds) implements Rule {}
  }

  void require(Rule newRule) {
    rule = newRule;
    scopeOfToken.clear();
  }

  /// Makes every token invalid that was given until now.
  void expireTokens() {
    scopeOfToken.clear();
  }

  int tokensIssued() {
    return issued.get();
  }

  /// Returns the challenge for a request of `repository`, or empty when it may be answered.
  Optional<String> challenge(HttpRequest request, String repository) {
    String authorization = request.header("authorization").orElse("");
    String scope = "repository:" + repository + ":pull";
    return switch (rule) {
      case Rule.Open _ -> Optional.empty();
      case Rule.Basic(String user, String password) ->
          authorization.equals(basic(user, password))
              ? Optional.empty()
              : Optional.of("Basic realm=\"test registry\"");
      case Rule.Bearer _ ->
          authorization.startsWith("Bearer ")
                  && scope.equals(
                      scopeOfToken.getOrDefault(authorization.substring("Bearer ".length()), ""))
              ? Optional.empty()
              : Optional.of(
                  "Bearer realm=\"%s://%s/token?account=test\",service=\"test \\\"registry\\\"\",scope=\"%s\""
                      .formatted(scheme, request.header("host").orElse(""), scope));
    };
  }

  /// Answers the token service.
  void issue(HttpRequest request, Plan plan) {
    if (!(rule instanceof Rule.Bearer(String user, String password, int lifeSeconds))) {
      plan.fail(404, "UNSUPPORTED");
      return;
    }
    boolean welcome =
        user.isEmpty()
            || request.header("authorization").orElse("").equals(basic(user, password))
            || (request.method().equals("POST")
                && request.parameter("grant_type").orElse("").equals("refresh_token")
                && request.parameter("refresh_token").orElse("").equals(password));
    if (!welcome || !request.parameter("service").orElse("").equals("test \"registry\"")) {
      plan.fail(401, "UNAUTHORIZED");
      return;
    }
    String token = "token-" + issued.incrementAndGet();
    scopeOfToken.put(token, request.parameter("scope").orElse(""));
    String name = request.method().equals("POST") ? "access_token" : "token";
    plan.document(
        "application/json",
        "{\"%s\":\"%s\",\"expires_in\":%d}"
            .formatted(name, token, lifeSeconds)
            .getBytes(StandardCharsets.UTF_8));
  }

  private static String basic(String user, String password) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
  }
}
