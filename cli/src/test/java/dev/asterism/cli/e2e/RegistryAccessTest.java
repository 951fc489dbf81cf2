package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestAuthority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Options that say how a registry is reached and who asks: a small image, pushed to and pulled
/// into containerd from docker-registries behind TLS, one with users, one that knows its clients.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RegistryAccessTest {
  private static final String PASSWORD = "secret";

  /// bcrypt of the password.
  private static final String USERS =
      "ada:$2y$05$GwDkI9kyIYtZ0CsTJ5Sznu.S08yCv9LupvywyFhshDE2DPnSiZ3RK\n";

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private TestAuthority authority;
  private Path trusted;
  private String image;
  private DockerRegistry guarded;
  private DockerRegistry acquainted;
  private TestAuthority.PemFiles client;
  private PrivateContainerd containerd;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "ctr", "docker-registry", "umoci");
    scratch = ScratchFolder.create("asterism-access");
    cleanup.add(scratch::close);
    authority = TestAuthority.create(folder("authority"));
    trusted = Files.writeString(path("ca.pem"), authority.certificate());
    client = authority.client(path("client"));
    TestAuthority.PemFiles server = authority.server("ip:127.0.0.1", path("server"));
    Path users = Files.writeString(path("users"), USERS);
    guarded =
        DockerRegistry.startBehind(
            new DockerRegistry.Door(server, Optional.empty(), Optional.of(users)), path("guarded"));
    cleanup.add(guarded::close);
    acquainted =
        DockerRegistry.startBehind(
            new DockerRegistry.Door(server, Optional.of(trusted), Optional.empty()),
            path("acquainted"));
    cleanup.add(acquainted::close);
    containerd = PrivateContainerd.start(path("containerd"));
    cleanup.add(containerd::close);
    image = smallImage();
    asterism("push", image, guarded.reference("small:1"))
        .with("--tlscacert", trusted.toString(), "--user", "ada:" + PASSWORD)
        .runOrThrow();
    asterism("push", image, acquainted.reference("small:1"))
        .with("--tlscacert", trusted.toString())
        .with("--tlscert", client.certificate().toString(), "--tlskey", client.key().toString())
        .runOrThrow();
  }

  /// A layout with an image of one layer of one file.
  private String smallImage() throws IOException, InterruptedException {
    String layout = path("layout").toString();
    Path hello = Files.writeString(path("hello"), "hello\n");
    Command.of("umoci", "init", "--layout", layout).runOrThrow();
    Command.of("umoci", "new", "--image", layout + ":1").runOrThrow();
    Command.of("umoci", "insert", "--image", layout + ":1", hello.toString(), "/hello")
        .runOrThrow();
    return "oci:" + layout + ":1";
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  private Path path(String name) {
    return scratch.path().resolve(name);
  }

  private Path folder(String name) throws IOException {
    return Files.createDirectory(path(name));
  }

  private Command asterism(String... words) throws IOException {
    return Asterism.command(words)
        .withVariable("DOCKER_CONFIG", path("nobody").toString())
        .with("--containerd-address", containerd.socket().toString());
  }

  private Command rpull(String reference) throws IOException {
    return asterism("rpull", "--snapshotter", TestNode.OVERLAYFS, reference);
  }

  private String images() throws IOException, InterruptedException {
    return containerd.ctr("images", "ls", "-q").runOrThrow().text();
  }

  /// Pulls, sees the image, and takes it away.
  private Outcome pulled(String reference, Command command)
      throws IOException, InterruptedException {
    Outcome outcome = command.runOrThrow();
    assertThat(outcome.text()).contains("unpacked");
    assertThat(images()).contains(reference);
    containerd.ctr("images", "rm", "--sync", reference).runOrThrow();
    return outcome;
  }

  /// Fails for a reason, and containerd has nothing.
  private void refused(Command command, String why) throws IOException, InterruptedException {
    Outcome outcome = command.run();
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains(why).doesNotContain(PASSWORD);
    assertThat(images()).isEmpty();
  }

  @Test
  void rpull_withAnAuthorityAndAUser_isLetIn() throws IOException, InterruptedException {
    String reference = guarded.reference("small:1");
    String ca = trusted.toString();
    pulled(reference, rpull(reference).with("--tlscacert", ca, "-u", "ada:" + PASSWORD));
    refused(rpull(reference).with("-u", "ada:" + PASSWORD, "--tlscacert", server()), "certificate");
    refused(rpull(reference).with("--tlscacert", ca, "--user", "ada:wrong"), "401");
  }

  /// A certificate of another authority.
  private String server() throws IOException, InterruptedException {
    Path other = Files.createDirectories(path("other"));
    Path file = path("other.pem");
    if (!Files.exists(file)) {
      Files.writeString(file, TestAuthority.create(other).certificate());
    }
    return file.toString();
  }

  @Test
  void rpull_withACertificateOfItsOwn_isKnown() throws IOException, InterruptedException {
    String reference = acquainted.reference("small:1");
    Command trusting = rpull(reference).with("--tlscacert", trusted.toString());
    pulled(
        reference,
        trusting.with(
            "--tlscert", client.certificate().toString(), "--tlskey", client.key().toString()));
    refused(trusting, acquainted.host());
  }

  @Test
  void rpull_byHostsToml_goesWhereThatSays() throws IOException, InterruptedException {
    Path hosts = folder("hosts");
    Files.writeString(
        Files.createDirectory(hosts.resolve("registry.example")).resolve("hosts.toml"),
        """
        [host."https://%s"]
          ca = "%s"
          client = [["%s", "%s"]]
        """
            .formatted(acquainted.host(), trusted, client.certificate(), client.key()));
    String reference = "registry.example/small:1";
    pulled(reference, rpull(reference).with("--hosts-dir", hosts.toString()));
  }

  @Test
  void rpull_withoutVerification_takesAnyCertificateAndShowsNoSecret()
      throws IOException, InterruptedException {
    String reference = guarded.reference("small:1");
    Outcome outcome =
        pulled(reference, rpull(reference).with("-k", "-u", "ada:" + PASSWORD, "--http-dump"));
    String login = Base64.getEncoder().encodeToString(("ada:" + PASSWORD).getBytes(UTF_8));
    assertThat(outcome.errorText())
        .contains("> GET https://%s/v2/small/manifests/1\n".formatted(guarded.host()))
        .contains("< 401 to GET", "< 200 to GET", "Docker-Content-Digest: sha256:")
        .contains("Authorization: [hidden]")
        .doesNotContain(login, PASSWORD);
  }

  @Test
  void rpull_ofAnIndex_takesTheImageOfThePlatform() throws IOException, InterruptedException {
    String reference = "registry.example/two:1";
    try (DockerRegistry open = DockerRegistry.startWritable(path("open"))) {
      asterism("push", image, open.reference("two:amd")).runOrThrow();
      pushIndex(open.host(), "two", "amd", "1");
      Path hosts = folder("two-hosts");
      Files.writeString(
          Files.createDirectory(hosts.resolve("registry.example")).resolve("hosts.toml"),
          "server = \"http://%s\"\n".formatted(open.host()));
      Command there = rpull(reference).with("--hosts-dir", hosts.toString());
      pulled(reference, there.with("--platform", "linux/riscv64"));
      refused(there.with("--platform", "linux/s390x"), "linux/s390x");
    }
  }

  /// Gives an image a second name: an index that has it for one platform.
  private static void pushIndex(String host, String repository, String from, String to)
      throws IOException, InterruptedException {
    String manifests = "http://%s/v2/%s/manifests/".formatted(host, repository);
    String type = "application/vnd.oci.image.manifest.v1+json";
    try (HttpClient http = HttpClient.newHttpClient()) {
      byte[] manifest =
          http.send(
                  HttpRequest.newBuilder(URI.create(manifests + from))
                      .header("Accept", type)
                      .build(),
                  BodyHandlers.ofByteArray())
              .body();
      String index =
          """
          {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
           "manifests": [{"mediaType": "%s", "digest": "%s", "size": %d,
             "platform": {"os": "linux", "architecture": "riscv64"}}]}
          """
              .formatted(type, Digest.of(manifest), manifest.length);
      HttpRequest put =
          HttpRequest.newBuilder(URI.create(manifests + to))
              .header("Content-Type", "application/vnd.oci.image.index.v1+json")
              .PUT(BodyPublishers.ofString(index))
              .build();
      assertThat(http.send(put, BodyHandlers.ofString()).statusCode()).isEqualTo(201);
    }
  }
}
