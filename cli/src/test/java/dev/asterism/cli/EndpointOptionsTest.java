package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.registry.Endpoint;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.TlsFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class EndpointOptionsTest {
  private static final TlsFiles ANY = new TlsFiles(List.of(), List.of(), true);

  @TempDir Path folder;

  private static Hosts hosts(String... words) {
    EndpointOptions options = new EndpointOptions();
    new CommandLine(options).parseArgs(words);
    return options.hosts();
  }

  @Test
  void hosts_withoutOptions_areTheUsualOnes() throws IOException {
    for (String host : List.of("registry.example", "docker.io", "127.0.0.1:5000")) {
      assertThat(hosts().endpoints(host)).isEqualTo(Hosts.standard().endpoints(host));
    }
  }

  @Test
  void hosts_plain_areAskedWithoutTls() throws IOException {
    assertThat(hosts("--plain-http").endpoints("registry.example"))
        .containsExactly(new Endpoint("http", "registry.example"));
  }

  @Test
  void hosts_withOptionsOfTls_areAskedByTlsOnLoopbackToo() throws IOException {
    Endpoint endpoint = hosts("-k").endpoints("127.0.0.1:5000").getFirst();
    assertThat(endpoint.scheme()).isEqualTo("https");
    assertThat(endpoint.options().tls()).isEqualTo(ANY);
  }

  @Test
  void hosts_ofAFolder_keepTheirOwnTlsAndGetTheOptionsElsewhere() throws IOException {
    Files.writeString(
        Files.createDirectory(folder.resolve("registry.example")).resolve("hosts.toml"),
        """
        [host."https://mirror.example"]
          ca = "/ca.pem"
        [host."https://other.example"]
        """);
    Hosts hosts = hosts("--skip-verify", "--hosts-dir", folder.toString());
    List<Endpoint> endpoints = hosts.endpoints("registry.example");
    assertThat(endpoints)
        .extracting(Endpoint::authority)
        .containsExactly("mirror.example", "other.example", "registry.example");
    assertThat(endpoints.get(0).options().tls().skipVerify()).isFalse();
    assertThat(endpoints.get(1).options().tls()).isEqualTo(ANY);
    assertThat(hosts.endpoints("elsewhere.example").getFirst().options().tls()).isEqualTo(ANY);
  }

  @Test
  void hosts_plainBesideAFolder_countsForThoseThatItDoesNotName() throws IOException {
    Files.writeString(
        Files.createDirectory(folder.resolve("registry.example")).resolve("hosts.toml"),
        "server = \"https://registry.example\"\n");
    Hosts hosts = hosts("--plain-http", "--hosts-dir", folder.toString());
    assertThat(hosts.endpoints("registry.example").getFirst().scheme()).isEqualTo("https");
    assertThat(hosts.endpoints("elsewhere.example").getFirst().scheme()).isEqualTo("http");
  }

  @ParameterizedTest
  @CsvSource({
    "--http-trace, --http-dump",
    "--ipfs, --ipfs",
    "--user=ada, no terminal",
    "--user=a:b --refresh=t, not both",
    "--tlscert=pom.xml, --tlskey",
    "--plain-http -k, without TLS",
    "--tlscacert=/no/such/file, /no/such/file",
    "--hosts-dir=/no/such/folder, /no/such/folder",
    "--all-platforms, --platform",
  })
  void rpull_withOptionsThatCannotBe_isWrongUsage(String options, String why) {
    List<String> words = new ArrayList<>(List.of("rpull", "registry.example/app:1"));
    words.addAll(List.of(options.split(" ", -1)));
    assertThat(usageError(words)).contains(why);
  }

  @Test
  void copy_asOneUserOfTwoRegistries_isWrongUsage() {
    assertThat(usageError(List.of("copy", "-u", "a:b", "one.example/a:1", "two.example/a:1")))
        .contains("one.example, two.example", "docker login");
    assertThat(usageError(List.of("copy", "-u", "a:b", "oci:a:1", "oci:b:1")))
        .contains("none is asked");
  }

  private static String usageError(List<String> words) {
    StringWriter said = new StringWriter();
    CommandLine commands = Asterism.commandLine();
    commands.setErr(new PrintWriter(said, true));
    assertThat(commands.execute(words.toArray(String[]::new))).isEqualTo(ExitCode.USAGE);
    return said.toString();
  }
}
