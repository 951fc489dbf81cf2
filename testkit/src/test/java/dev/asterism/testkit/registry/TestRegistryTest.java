package dev.asterism.testkit.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Judged by the JDK's own client. What faults do is tested where they are met, in `registry`.
@Timeout(300)
class TestRegistryTest {
  private final TestRegistry registry = TestRegistry.start();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @AfterEach
  void close() {
    client.close();
    registry.close();
  }

  private HttpResponse<byte[]> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + registry.host() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static byte[] gzip(String... members) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (String member : members) {
      try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
        gzip.write(member.getBytes(StandardCharsets.UTF_8));
      }
    }
    return out.toByteArray();
  }

  @Test
  void image_layers_hasManifestAndConfigThatNameThem() throws Exception {
    TestLayer layer = TestLayer.gzip(gzip("tar", "more")).annotated("key", "value");
    TestImage image =
        registry.image("a/b", "1", ImageConfig.running("/bin/sh", "-c"), List.of(layer));
    assertThat(layer.diffId()).isEqualTo(Digest.of("tarmore".getBytes(StandardCharsets.UTF_8)));
    HttpResponse<byte[]> manifest = send("GET", "/v2/a/b/manifests/1");
    assertThat(Digest.of(manifest.body())).isEqualTo(image.manifest());
    assertThat(new String(manifest.body(), StandardCharsets.UTF_8))
        .contains(layer.content().digest().toString())
        .contains(image.config().toString())
        .contains("\"key\":\"value\"");
    assertThat(manifest.headers().firstValue("Content-Type"))
        .contains("application/vnd.oci.image.manifest.v1+json");
    byte[] config = send("GET", "/v2/a/b/blobs/" + image.config()).body();
    assertThat(new String(config, StandardCharsets.UTF_8)).contains(layer.diffId().toString());
    assertThat(registry.reference(image)).isEqualTo(registry.host() + "/a/b:1");
  }

  @Test
  void head_manifestAndBlob_saysSizeAndSendsNothing() throws Exception {
    TestImage image = registry.image("a", "1", TestLayer.raw(new byte[1234]));
    HttpResponse<byte[]> blob = send("HEAD", "/v2/a/blobs/" + image.layers().getFirst());
    assertThat(blob.headers().firstValueAsLong("Content-Length")).hasValue(1234);
    HttpResponse<byte[]> manifest = send("HEAD", "/v2/a/manifests/" + image.manifest());
    assertThat(manifest.statusCode()).isEqualTo(200);
    assertThat(registry.traffic().bytes()).isZero();
    assertThat(registry.traffic().requests()).isEqualTo(2);
  }

  @Test
  void get_rangeOfAFile_isServedAndCounted(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("blob"), new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    Digest digest = registry.blob(Content.of(file));
    HttpResponse<byte[]> answer = send("GET", "/v2/a/blobs/" + digest, "Range", "bytes=3-5");
    assertThat(answer.statusCode()).isEqualTo(206);
    assertThat(answer.body()).containsExactly(3, 4, 5);
    assertThat(answer.headers().firstValue("Content-Range")).contains("bytes 3-5/10");
    assertThat(send("GET", "/v2/a/blobs/" + digest, "Range", "bytes=10-").statusCode())
        .isEqualTo(416);
    assertThat(registry.traffic().list(Target.blob(digest)).getFirst())
        .satisfies(request -> {
          assertThat(request.bytes()).isEqualTo(3);
          assertThat(request.range()).contains("bytes=3-5");
        });
    registry.traffic().reset();
    assertThat(registry.traffic().list()).isEmpty();
  }

  @Test
  void get_unknown_is404() throws Exception {
    assertThat(send("GET", "/v2/a/manifests/1").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/v2/a/blobs/" + Digest.of(new byte[0])).statusCode()).isEqualTo(404);
    assertThat(send("GET", "/").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/v2/").statusCode()).isEqualTo(200);
  }

  @Test
  void up_afterRefusing_servesOnTheSamePort() throws Exception {
    registry.refuseConnections();
    assertThatThrownBy(() -> send("GET", "/v2/")).isInstanceOf(IOException.class);
    registry.up();
    assertThat(send("GET", "/v2/").statusCode()).isEqualTo(200);
  }

  @Test
  void faultNext_count_passes() throws Exception {
    registry.faultNext(2, Target.everything(), new Fault.Status(503));
    assertThat(send("GET", "/v2/").statusCode()).isEqualTo(503);
    assertThat(send("GET", "/v2/").statusCode()).isEqualTo(503);
    assertThat(send("GET", "/v2/").statusCode()).isEqualTo(200);
  }
}
