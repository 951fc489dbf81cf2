package dev.asterism.registry;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.TestAuthority;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A registry behind TLS, with an authority of the node's own.
@Timeout(300)
class TlsTest {
  @TempDir static Path shared;
  private static TestAuthority authority;
  private static SSLContext right;

  @TempDir Path certificates;
  private final byte[] bytes = new byte[200_000];

  @SuppressWarnings("NullAway.Init") // each test starts with start()
  private TestRegistry registry;

  @SuppressWarnings("NullAway.Init") // each test starts with start()
  private RegistryClient client;

  @SuppressWarnings("NullAway.Init") // each test starts with start()
  private ImageReference reference;

  @SuppressWarnings("NullAway.Init") // each test starts with start()
  private Digest digest;

  @BeforeAll
  static void makeAuthority() throws Exception {
    authority = TestAuthority.create(shared);
    right = authority.server("ip:127.0.0.1");
  }

  private void start(TestRegistry served) {
    registry = served;
    new Random(7).nextBytes(bytes);
    digest = registry.blob(bytes);
    reference = ImageReference.parse(registry.host() + "/test/image:1");
    client =
        new RegistryClient(
            host -> List.of(new Endpoint("https", host)),
            Credentials.anonymous(),
            Fixture.QUICK,
            InstantSource.system(),
            List.of(certificates));
  }

  @AfterEach
  void end() {
    client.close();
    registry.close();
  }

  private void trust(String directory, String content) throws IOException {
    Path host = Files.createDirectories(certificates.resolve(directory));
    Files.writeString(host.resolve("ca.crt"), content);
  }

  private byte[] read() throws IOException {
    return client
        .blob(reference, digest, OptionalLong.of(bytes.length))
        .read(new ByteRange(0, bytes.length));
  }

  private void assertRefused(String... words) {
    assertThatThrownBy(this::read)
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isFalse())
        .message()
        .contains(words);
    assertThat(registry.traffic().requests()).isZero();
  }

  @Test
  void read_authorityOfTheHostsDirectory_isTrusted() throws Exception {
    start(TestRegistry.start(right));
    trust(registry.host(), authority.certificate());
    assertThat(read()).isEqualTo(bytes);
  }

  @Test
  void read_directoryWithoutColon_isTheSame() throws Exception {
    start(TestRegistry.start(right));
    trust("127.0.0.1_" + registry.port() + "_", authority.certificate());
    assertThat(read()).isEqualTo(bytes);
  }

  @Test
  void read_tokenAndRedirect_areAskedForOverTlsToo() throws Exception {
    start(TestRegistry.start(right));
    registry.requireAnonymousToken(60);
    registry.redirectBlobs();
    trust(registry.host(), authority.certificate());
    trust("127.0.0.1:" + registry.storagePort(), authority.certificate());
    assertThat(read()).isEqualTo(bytes);
    assertThat(registry.tokensIssued()).isOne();
  }

  @Test
  void read_authorityThatNobodyTrusts_saysWhereToPutIt() {
    start(TestRegistry.start(right));
    assertRefused("no authority that is trusted", registry.host() + "/ca.crt");
  }

  @Test
  void read_authorityOfAnotherHost_isNotTrusted() throws Exception {
    start(TestRegistry.start(right));
    trust("127.0.0.1:1", authority.certificate());
    assertRefused("no authority that is trusted");
  }

  @Test
  void read_authorityThatIsAddedLater_isTrustedFromThenOn() throws Exception {
    start(TestRegistry.start(right));
    assertRefused("no authority that is trusted");
    trust(registry.host(), authority.certificate());
    assertThat(read()).isEqualTo(bytes);
  }

  @Test
  void read_certificateOfAnotherName_isRefused() throws Exception {
    start(TestRegistry.start(authority.server("dns:registry.example")));
    trust(registry.host(), authority.certificate());
    assertRefused("certificate of " + registry.host(), "not for it");
  }

  @Test
  void read_certificateThatHasExpired_isRefused() throws Exception {
    start(TestRegistry.start(authority.expiredServer("ip:127.0.0.1")));
    trust(registry.host(), authority.certificate());
    assertRefused("has expired");
  }

  @Test
  void read_fileThatIsNoCertificate_isNamed() throws Exception {
    start(TestRegistry.start(right));
    trust(registry.host(), "not a certificate");
    assertRefused(registry.host() + "/ca.crt", "certificate");
  }

  /// A server that takes the handshake for a request and says that it is a bad one.
  @Test
  void read_serverWithoutTls_isToldApart() throws Exception {
    start(TestRegistry.start());
    try (ServerSocket plain = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      String host = "127.0.0.1:" + plain.getLocalPort();
      reference = ImageReference.parse(host + "/test/image:1");
      Thread server = Thread.ofVirtual().start(() -> answerBadRequest(plain));
      assertRefused(host + " does not speak TLS");
      server.join();
    }
  }

  private static void answerBadRequest(ServerSocket server) {
    try (Socket socket = server.accept()) {
      socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
