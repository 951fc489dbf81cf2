package dev.asterism.cli.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The token service of docker-registry, on a port of 127.0.0.1: it signs what a user may do, as
/// the Docker Registry v2 token specification has it. One user, who may pull everything.
/// Thread-safe.
final class TokenService implements AutoCloseable {
  private static final String SERVICE = "asterism-test";
  private static final long LIFE = 300; // seconds
  private static final Pattern SCOPE = Pattern.compile("repository:([a-z0-9/._-]+):([a-z,*]+)");

  private final ScratchFolder scratch;
  private final HttpServer server;
  private final AtomicInteger issued = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger keys = new AtomicInteger();
  private volatile TestAuthority authority;
  private volatile String welcome;

  private TokenService(ScratchFolder scratch, String user, String password)
      throws IOException, InterruptedException {
    this.scratch = scratch;
    this.authority = newAuthority();
    this.welcome = basic(user, password);
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.createContext("/token", this::answer);
    server.start();
  }

  static TokenService start(String user, String password) throws IOException, InterruptedException {
    ScratchFolder scratch = ScratchFolder.create("asterism-tokens");
    try {
      return new TokenService(scratch, user, password);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw e;
    }
  }

  private TestAuthority newAuthority() throws IOException, InterruptedException {
    return TestAuthority.create(
        Files.createDirectory(scratch.path().resolve("key" + keys.incrementAndGet())));
  }

  /// Knows another password from now on.
  void changePassword(String user, String password) {
    welcome = basic(user, password);
  }

  /// Signs with another key from now on: a registry that is started again takes no older token.
  void changeKey() throws IOException, InterruptedException {
    authority = newAuthority();
  }

  /// Returns how many tokens it has given.
  int issued() {
    return issued.get();
  }

  /// Returns how often it was asked with another password, or none.
  int refused() {
    return refused.get();
  }

  /// Returns what a registry's configuration says of it.
  ///
  /// @param folder for the certificate
  String registrySettings(Path folder) throws IOException {
    Path bundle = Files.writeString(folder.resolve("tokens.pem"), authority.certificate());
    return """
    auth:
      token:
        realm: http://127.0.0.1:%d/token
        service: %s
        issuer: %s
        rootcertbundle: %s
    """
        .formatted(server.getAddress().getPort(), SERVICE, SERVICE, bundle);
  }

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString(utf8(user + ":" + password));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(405, -1); // clients ask by GET then
      } else if (!welcome.equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        refused.incrementAndGet();
        exchange.sendResponseHeaders(401, -1);
      } else {
        String query =
            URLDecoder.decode(
                Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse(""),
                StandardCharsets.UTF_8);
        byte[] body = utf8("{\"token\":\"%s\",\"expires_in\":%d}".formatted(token(query), LIFE));
        issued.incrementAndGet();
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  private String token(String query) throws IOException {
    StringBuilder access = new StringBuilder();
    Matcher scope = SCOPE.matcher(query);
    while (scope.find()) {
      access
          .append(access.isEmpty() ? "" : ",")
          .append(
              "{\"type\":\"repository\",\"name\":\"%s\",\"actions\":[\"pull\"]}"
                  .formatted(scope.group(1)));
    }
    long now = Instant.now().getEpochSecond();
    String header =
        "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"x5c\":[\"%s\"]}"
            .formatted(Base64.getEncoder().encodeToString(authority.encoded()));
    String claims =
        "{\"iss\":\"%s\",\"sub\":\"test\",\"aud\":\"%s\",\"nbf\":%d,\"iat\":%d,\"exp\":%d,\"jti\":\"%d\",\"access\":[%s]}"
            .formatted(SERVICE, SERVICE, now - 10, now, now + LIFE, issued.get(), access);
    String signed = url(utf8(header)) + "." + url(utf8(claims));
    return signed + "." + url(authority.sign(utf8(signed)));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String url(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public void close() throws IOException {
    server.stop(0);
    scratch.close();
  }
}
