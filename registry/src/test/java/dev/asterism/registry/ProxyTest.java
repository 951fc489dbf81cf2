package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.TestAuthority;
import dev.asterism.testkit.registry.TestProxy;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A registry whose name only the proxy knows.
@Timeout(300)
class ProxyTest {
  private static final String HOST = "registry.test";
  private static final String BASIC = "Basic dXNlcjpzZWNyZXQ="; // of user:secret

  @TempDir Path folder;
  private final byte[] bytes = new byte[200_000];

  private byte[] read(TestRegistry registry, String scheme, Map<String, String> environment)
      throws IOException {
    new Random(7).nextBytes(bytes);
    Digest digest = registry.blob(bytes);
    try (RegistryClient client =
        new RegistryClient(
            host -> List.of(new Endpoint(scheme, host)),
            Credentials.anonymous(),
            Fixture.QUICK,
            InstantSource.system(),
            List.of(folder),
            Proxies.of(environment))) {
      return client
          .blob(ImageReference.parse(HOST + "/test/image:1"), digest, OptionalLong.of(bytes.length))
          .read(new ByteRange(0, bytes.length));
    }
  }

  @Test
  void read_overPlainHttp_asksTheProxyForTheWholeAddress() throws Exception {
    try (TestRegistry registry = TestRegistry.start();
        TestProxy proxy = TestProxy.to(registry.port(), "")) {
      Map<String, String> environment = Map.of("HTTP_PROXY", "http://127.0.0.1:" + proxy.port());

      assertThat(read(registry, "http", environment)).isEqualTo(bytes);
      assertThat(proxy.asked())
          .isNotEmpty()
          .allMatch(line -> line.startsWith("GET http://registry.test/v2/"));
    }
  }

  @Test
  void read_overTls_tunnelsAndChecksTheRegistrysCertificate() throws Exception {
    TestAuthority authority = TestAuthority.create(Files.createDirectory(folder.resolve("made")));
    Path trusted = Files.createDirectory(folder.resolve(HOST));
    Files.writeString(trusted.resolve("ca.crt"), authority.certificate());
    try (TestRegistry registry = TestRegistry.start(authority.server("dns:" + HOST));
        TestProxy proxy = TestProxy.to(registry.port(), BASIC)) {
      Map<String, String> environment =
          Map.of("HTTPS_PROXY", "http://user:secret@127.0.0.1:" + proxy.port());

      assertThat(read(registry, "https", environment)).isEqualTo(bytes);
      assertThat(proxy.asked()).isNotEmpty().allMatch(line -> line.startsWith("CONNECT " + HOST));
    }
  }

  @Test
  void read_proxyWantsAnotherLogin_saysSo() throws Exception {
    try (TestRegistry registry = TestRegistry.start();
        TestProxy proxy = TestProxy.to(registry.port(), BASIC)) {
      Map<String, String> environment =
          Map.of("HTTP_PROXY", "http://user:wrong@127.0.0.1:" + proxy.port());

      assertThatThrownBy(() -> read(registry, "http", environment))
          .hasMessageContaining("407")
          .message()
          .doesNotContain("wrong");
      assertThat(registry.traffic().requests()).isZero();
    }
  }

  @Test
  void read_proxyThatIsNone_namesTheVariable() {
    try (TestRegistry registry = TestRegistry.start()) {
      assertThatThrownBy(
              () -> read(registry, "http", Map.of("HTTP_PROXY", "socks5://127.0.0.1:1080")))
          .hasMessageContaining("HTTP_PROXY is no address like");
    }
  }
}
