package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.Endpoint.Capability;
import dev.asterism.testkit.registry.TestAuthority;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where this node's files say that registries are.
@Timeout(300)
class NodeHostsTest {
  @TempDir private Path directory;

  private NodeHosts hosts() {
    return new NodeHosts(Map.of(), List.of(directory));
  }

  private Path write(String folder, String text) throws IOException {
    Path host = Files.createDirectories(directory.resolve(folder));
    return Files.writeString(host.resolve("hosts.toml"), text);
  }

  @Test
  void endpoints_nothingIsSaid_areTheRegistryItself() throws IOException {
    assertThat(hosts().endpoints("quay.io")).containsExactly(Hosts.source("quay.io"));
  }

  @Test
  void endpoints_file_areItsHostsInOrderAndTheServer() throws IOException {
    write(
        "quay.io",
        """
        server = "https://upstream.example"
        [host."https://z.example:8443/cache"]
          capabilities = ["pull"]
          dial_timeout = "1m30s"
          [host."https://z.example:8443/cache".header]
            x-one = "1"
            x-many = ["a", "b"]
        [host."http://a.example/some/place"]
          override_path = true
          capabilities = ["pull", "resolve"]
        [host."plain.example"]
          skip_verify = true
          ca = ["ca.pem", "/etc/other.pem"]
          client = [["c.pem", "k.pem"]]
        """);

    List<Endpoint> endpoints = hosts().endpoints("quay.io");

    assertThat(endpoints)
        .extracting(Endpoint::toString)
        .containsExactly(
            "https://z.example:8443/cache/v2",
            "http://a.example/some/place",
            "https://plain.example",
            "https://upstream.example");
    Endpoint.Options cache = endpoints.getFirst().options();
    assertThat(cache.capabilities()).containsExactly(Capability.PULL);
    assertThat(cache.connect()).contains(Duration.ofSeconds(90));
    assertThat(cache.headers())
        .isEqualTo(Map.of("x-one", List.of("1"), "x-many", List.of("a", "b")));
    Path folder = directory.resolve("quay.io");
    assertThat(endpoints.get(2).options().tls())
        .isEqualTo(
            new TlsFiles(
                List.of(folder.resolve("ca.pem"), Path.of("/etc/other.pem")),
                List.of(new TlsFiles.Client(folder.resolve("c.pem"), folder.resolve("k.pem"))),
                true));
  }

  @ParameterizedTest
  @CsvSource({
    "r.example:5000, r.example:5000",
    "r.example:5000, r.example_5000_",
    "r.example:5000, _default",
    "docker.io, docker.io"
  })
  void endpoints_nameOfTheDirectory_isContainerds(String host, String folder) throws IOException {
    write(folder, "[host.\"https://m.example\"]\n");
    assertThat(hosts().endpoints(host))
        .extracting(Endpoint::toString)
        .containsExactly("https://m.example", Hosts.source(host).toString());
  }

  @Test
  void endpoints_fileChanges_countAtOnce() throws IOException {
    write("quay.io", "[host.\"https://m.example\"]\n");
    NodeHosts hosts = hosts();
    assertThat(hosts.endpoints("quay.io")).hasSize(2);
    write("quay.io", "[host.\"https://m.example\"]\n[host.\"https://longer.example\"]\n");
    assertThat(hosts.endpoints("quay.io")).hasSize(3);
  }

  @Test
  void endpoints_mirrorsOfTheConfiguration_comeBeforeFiles() throws IOException {
    write("quay.io", "[host.\"https://m.example\"]\n");
    Endpoint mirror = new Endpoint("http", "mirror.example");
    assertThat(
            new NodeHosts(Map.of("quay.io", List.of(mirror)), List.of(directory))
                .endpoints("quay.io"))
        .containsExactly(mirror, Hosts.source("quay.io"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'a = = 1'                                          | :1",
        "'[host.\"https://u@m.example\"]'                   | not a registry host",
        "'[host.\"ftp://m.example\"]'                       | http or https",
        "'[host.\"m.example\"]\ncapabilities = [\"fetch\"]' | capability 'fetch'",
        "'[host.\"m.example\"]\ndial_timeout = \"soon\"'    | dial_timeout 'soon'",
        "'[host.\"m.example\"]\nskip_verify = 3'            | wrong type",
        "'[host.\"m.example\"]\nca = \"a\\u0000\"'           | a name of a file",
        "'[host.\"m.example\"]\nclient = \"a\\u0000\"'       | a name of a file",
      })
  void endpoints_fileIsWrong_isNamedWithTheReason(String text, String why) throws IOException {
    Path file = write("quay.io", text);
    assertThatThrownBy(() -> hosts().endpoints("quay.io"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(why);
  }

  @Test
  void read_serverThatAsksWhoConnects_seesTheClientsCertificate(@TempDir Path keys)
      throws Exception {
    TestAuthority authority = TestAuthority.create(keys);
    TestAuthority.PemFiles client = authority.client(keys.resolve("client"));
    Path ca = Files.writeString(keys.resolve("ca.pem"), authority.certificate());
    byte[] bytes = {1, 2, 3, 4};
    try (TestRegistry registry =
        TestRegistry.startAskingForCertificates(authority.server("ip:127.0.0.1"))) {
      Digest digest = registry.blob(bytes);
      ImageReference reference = ImageReference.parse("r.example/a:1");
      String trusting = "ca = \"%s\"\n".formatted(ca);
      String showing =
          "client = [[\"%s\", \"%s\"]]\n".formatted(client.certificate(), client.key());
      String host = "[host.\"https://%s\"]\n".formatted(registry.host());

      write("r.example", host + trusting + showing);
      assertThat(read(reference, digest)).isEqualTo(bytes);

      write("r.example", host + "skip_verify = true\n" + showing + "# another size\n");
      assertThat(read(reference, digest)).isEqualTo(bytes);

      write("r.example", "server = \"https://%s\"\n%s".formatted(registry.host(), trusting));
      assertThatThrownBy(() -> read(reference, digest)).isInstanceOf(IOException.class);
    }
  }

  private byte[] read(ImageReference reference, Digest digest) throws IOException {
    try (RegistryClient client =
        new RegistryClient(
            hosts(),
            Credentials.anonymous(),
            Fixture.QUICK.withRetries(1, Duration.ofMillis(1), Duration.ofMillis(1)),
            InstantSource.system(),
            List.of(directory))) {
      return client.blob(reference, digest, OptionalLong.of(4)).read(new ByteRange(0, 4));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "3s, 3000",
    "500ms, 500",
    "1m30s, 90000",
    "1.5h, 5400000",
    "0s, ",
    "3, ",
    "-1s, ",
    "30h, "
  })
  void duration_asGoWritesIt_isRead(String text, Long millis) {
    assertThat(GoDuration.parse(text))
        .isEqualTo(Optional.ofNullable(millis).map(Duration::ofMillis));
  }
}
