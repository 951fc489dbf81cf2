package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.fail;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The client against Debian's `docker-registry`, which wants a password, filled over its own API.
@Tag("kernel")
@Timeout(300)
class RealRegistryTest {
  /// bcrypt of "pass", at the lowest cost that there is.
  private static final String HASH = "$2b$04$gdcHsAaXWSxSymmKu.peL.vJOK4g/md0mwcYERD6bpIQtvz.Qwle6";

  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

  @TempDir Path folder;

  private Process registry;
  private String host;
  private final HttpClient pusher = HttpClient.newHttpClient();
  private final RegistryClient client =
      new RegistryClient(
          Hosts.standard(),
          _ -> Optional.of(new Credential.Basic("user", "pass")),
          RequestPolicy.DEFAULT,
          InstantSource.system());

  @BeforeEach
  void start() throws Exception {
    if (!Files.isExecutable(PROGRAM)) {
      if ("required".equals(System.getProperty("kernel.tests"))) {
        fail("docker-registry is not installed");
      }
      Assumptions.abort("docker-registry is not installed");
    }
    host = "127.0.0.1:" + freePort();
    Path passwords = Files.writeString(folder.resolve("htpasswd"), "user:" + HASH + "\n");
    Path config =
        Files.writeString(
            folder.resolve("config.yml"),
            """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: "%s"}
            auth: {htpasswd: {realm: "a, \\"quoted\\" realm", path: %s}}
            """
                .formatted(folder.resolve("storage"), host, passwords));
    registry =
        new ProcessBuilder(PROGRAM.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    awaitAnswer();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  /// Polls, as there is nothing to wait on in another process.
  private void awaitAnswer() throws Exception {
    while (registry.isAlive()) {
      try {
        send(to("http://" + host + "/v2/"));
        return;
      } catch (IOException _) {
        registry.waitFor(50, TimeUnit.MILLISECONDS);
      }
    }
    fail("docker-registry: " + Files.readString(folder.resolve("registry.log")));
  }

  @AfterEach
  void stop() throws InterruptedException {
    client.close();
    pusher.close();
    if (registry != null) {
      registry.destroy();
      registry.waitFor();
    }
  }

  private static HttpRequest.Builder to(String address) {
    return HttpRequest.newBuilder(URI.create(address))
        .header("Authorization", Tokens.basic(new Credential.Basic("user", "pass")));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return pusher.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private Digest pushBlob(byte[] bytes) throws Exception {
    HttpResponse<String> begun =
        send(to("http://" + host + "/v2/test/image/blobs/uploads/").POST(BodyPublishers.noBody()));
    String location = begun.headers().firstValue("Location").orElseThrow();
    Digest digest = Digest.of(bytes);
    HttpResponse<String> done =
        send(
            to(location + (location.contains("?") ? "&" : "?") + "digest=" + digest)
                .header("Content-Type", "application/octet-stream")
                .PUT(BodyPublishers.ofByteArray(bytes)));
    assertThat(done.statusCode()).isEqualTo(201);
    return digest;
  }

  private Digest pushImage(byte[] layer) throws Exception {
    byte[] config = "{\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%d}]}
        """
            .formatted(
                Manifest.IMAGE_TYPES.getFirst(),
                pushBlob(config),
                config.length,
                pushBlob(layer),
                layer.length)
            .getBytes(StandardCharsets.UTF_8);
    HttpResponse<String> done =
        send(
            to("http://" + host + "/v2/test/image/manifests/1")
                .header("Content-Type", Manifest.IMAGE_TYPES.getFirst())
                .PUT(BodyPublishers.ofByteArray(manifest)));
    assertThat(done.statusCode()).isEqualTo(201);
    return Digest.of(manifest);
  }

  @Test
  void pull_pushedImage_resolvesAndReadsEveryRange() throws Exception {
    byte[] layer = new byte[3_000_000];
    new Random(1).nextBytes(layer);
    Digest manifest = pushImage(layer);

    Image image = client.resolve(ImageReference.parse(host + "/test/image:1"), Platform.host());
    assertThat(image.manifestDigest()).isEqualTo(manifest);
    assertThat(client.config(image)).asString().contains("linux");
    Descriptor descriptor = image.layers().getFirst();
    Blob blob = client.blob(image.reference(), descriptor.digest(), OptionalLong.empty());
    assertThat(blob.size()).isEqualTo(layer.length);
    for (ByteRange range :
        new ByteRange[] {
          new ByteRange(0, 1),
          new ByteRange(0, layer.length),
          new ByteRange(1_000_000, 2_500_000),
          new ByteRange(layer.length - 1, layer.length)
        }) {
      assertThat(blob.read(range))
          .isEqualTo(Arrays.copyOfRange(layer, (int) range.start(), (int) range.end()));
    }
  }

  @Test
  void pull_withoutThePassword_isRefused() throws Exception {
    pushImage(new byte[10]);
    try (RegistryClient stranger =
        new RegistryClient(
            Hosts.standard(),
            Credentials.anonymous(),
            RequestPolicy.DEFAULT,
            InstantSource.system())) {
      assertThatThrownBy(
              () -> stranger.resolve(ImageReference.parse(host + "/test/image:1"), Platform.host()))
          .isInstanceOfSatisfying(
              RegistryException.class,
              e -> {
                assertThat(e.status()).hasValue(401);
                assertThat(e.code()).contains("UNAUTHORIZED");
              });
    }
  }

  @Test
  void pull_whatIsNotThere_saysSo() {
    assertThatThrownBy(
            () -> client.resolve(ImageReference.parse(host + "/test/none:1"), Platform.host()))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> {
              assertThat(e.status()).hasValue(404);
              assertThat(e.code()).isPresent();
            });
    assertThatThrownBy(() ->
            client.blob(
                ImageReference.parse(host + "/test/image"),
                Digest.of(new byte[0]),
                OptionalLong.empty()))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.status()).hasValue(404));
  }
}
