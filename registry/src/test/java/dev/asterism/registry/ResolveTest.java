package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestLayer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class ResolveTest {
  private static final Platform AMD64 = Platform.parse("linux/amd64");

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  private TestImage image(String architecture, String layer) {
    return fixture.registry.image(
        "test/image",
        architecture,
        ImageConfig.running("/bin/true").on("linux", architecture),
        List.of(
            TestLayer.raw(layer.getBytes(StandardCharsets.UTF_8)).annotated("toc", "digest"),
            TestLayer.raw(new byte[100])));
  }

  private Image resolve(String reference) throws IOException {
    return fixture
        .client()
        .resolve(ImageReference.parse(fixture.registry.host() + "/" + reference), AMD64);
  }

  @Test
  void resolve_tag_givesTheManifestsParts() throws IOException {
    TestImage served = image("amd64", "layer");
    Image image = resolve("test/image:amd64");
    assertThat(image.manifestDigest()).isEqualTo(served.manifest());
    assertThat(image.config().digest()).isEqualTo(served.config());
    assertThat(image.layers()).extracting(Descriptor::digest).isEqualTo(served.layers());
    assertThat(image.layers().getFirst().annotations()).isEqualTo(Map.of("toc", "digest"));
    assertThat(image.layers().getFirst().size()).isEqualTo(5);
    assertThat(new String(fixture.client().config(image), StandardCharsets.UTF_8))
        .contains("/bin/true");
  }

  @Test
  void resolve_index_takesThePlatform() throws IOException {
    TestImage arm = image("arm64", "a");
    TestImage amd = image("amd64", "b");
    Digest index = fixture.registry.index("test/image", "1", arm, amd);
    assertThat(resolve("test/image:1").manifestDigest()).isEqualTo(amd.manifest());
    assertThat(resolve("test/image@" + index).manifestDigest()).isEqualTo(amd.manifest());
    ImageReference reference = fixture.reference;
    assertThat(
            fixture.client().resolve(reference, Platform.parse("linux/arm64/v8")).manifestDigest())
        .isEqualTo(arm.manifest());
    assertThatThrownBy(() -> fixture.client().resolve(reference, Platform.parse("linux/s390x")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("linux/s390x");
  }

  @Test
  void resolve_unknownTag_saysSo() {
    assertThatThrownBy(() -> resolve("test/image:none"))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> {
              assertThat(e.status()).hasValue(404);
              assertThat(e.code()).contains("MANIFEST_UNKNOWN");
            });
  }

  @Test
  void resolve_flippedByte_isFoundByDigestAndByTag() {
    TestImage served = image("amd64", "layer");
    fixture.registry.fault(Target.manifests(), new Fault.FlippedByte(20));
    assertThatThrownBy(() -> resolve("test/image@" + served.manifest()))
        .isInstanceOfSatisfying(
            CorruptContentException.class,
            e -> assertThat(e).hasMessageContaining(served.manifest().toString()));
    assertThatThrownBy(() -> resolve("test/image:amd64"))
        .isInstanceOf(CorruptContentException.class);
  }

  @Test
  void resolve_flippedByteBehindAnIndex_isFound() {
    TestImage served = image("amd64", "layer");
    fixture.registry.index("test/image", "1", served);
    fixture.registry.fault(
        Target.path("/v2/test/image/manifests/" + served.manifest()), new Fault.FlippedByte(20));
    assertThatThrownBy(() -> resolve("test/image:1")).isInstanceOf(CorruptContentException.class);
  }

  @Test
  void config_flippedByte_isFound() throws IOException {
    TestImage served = image("amd64", "layer");
    Image image = resolve("test/image:amd64");
    fixture.registry.fault(Target.blob(served.config()), new Fault.FlippedByte(3));
    assertThatThrownBy(() -> fixture.client().config(image))
        .isInstanceOf(CorruptContentException.class);
  }

  @Test
  void resolve_faultsThatPass_areNotSeen() throws IOException {
    image("amd64", "layer");
    fixture.registry.faultNext(1, Target.manifests(), new Fault.Status(503));
    fixture.registry.faultNext(1, Target.manifests(), new Fault.CutAfter(30));
    assertThat(resolve("test/image:amd64").layers()).hasSize(2);
  }

  @Test
  void resolve_manifestOverTheLimit_isRefused() {
    byte[] large = ("{\"x\":\"" + "a".repeat(5 << 20) + "\"}").getBytes(StandardCharsets.UTF_8);
    fixture.registry.manifest("test/image", "1", Manifest.IMAGE_TYPES.getFirst(), large);
    assertThatThrownBy(() -> resolve("test/image:1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("longer than");
    fixture.registry.fault(Target.manifests(), new Fault.Chunked());
    assertThatThrownBy(() -> resolve("test/image:1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("longer than");
  }

  private static final String DESCRIPTOR =
      "{\"mediaType\":\"m\",\"size\":1,\"digest\":"
          + "\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{}",
        "{\"config\":",
        "{\"config\":1,\"layers\":[]}",
        "{\"config\":D}x{",
        "{\"config\":D,\"layers\":{}}",
        "{\"config\":D,\"layers\":[1]}",
        "{\"config\":D,\"layers\":[{}]}",
        "{\"layers\":[D]}",
        "{\"config\":D,\"layers\":[D],\"manifests\":[D]}",
        "{\"config\":D,\"config\":D,\"layers\":[D]}",
        "{\"manifests\":[]}",
        "{\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"config\":D,\"layers\":[]}",
        "{\"config\":{\"digest\":\"sha256:../../etc\",\"size\":1},\"layers\":[]}",
        "{\"config\":{\"digest\":\"sha512:00\",\"size\":1},\"layers\":[]}",
        "{\"config\":{\"size\":99999999999999999999},\"layers\":[]}",
        "{\"config\":{\"size\":1.5},\"layers\":[]}",
      })
  void resolve_documentThatIsNoManifest_isRefused(String document) {
    byte[] bytes = document.replace("D", DESCRIPTOR).getBytes(StandardCharsets.UTF_8);
    fixture.registry.manifest("test/image", "1", "application/json", bytes);
    assertThatThrownBy(() -> resolve("test/image:1")).isInstanceOf(RegistryException.class);
  }

  @Test
  void resolve_indexDeclaredAsImage_isRefused() {
    fixture.registry.manifest(
        "test/image",
        "1",
        Manifest.IMAGE_TYPES.getFirst(),
        "{\"manifests\":[D]}".replace("D", DESCRIPTOR).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> resolve("test/image:1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("which it is not");
  }

  @Test
  void resolve_schema1_saysWhatToDo() {
    fixture.registry.manifest(
        "test/image",
        "1",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "{\"schemaVersion\":1}".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> resolve("test/image:1"))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("schema 1");
  }

  @Test
  void resolve_membersThatNobodyKnows_areSkipped() throws IOException {
    String document =
        "{\"schemaVersion\":2,\"new\":{\"a\":[1,{\"layers\":[]}]},\"config\":D,\"layers\":[D],"
            + "\"annotations\":null,\"subject\":D}";
    fixture.registry.manifest(
        "test/image",
        "1",
        "application/vnd.docker.distribution.manifest.v2+json",
        document.replace("D", DESCRIPTOR).getBytes(StandardCharsets.UTF_8));
    assertThat(resolve("test/image:1").layers()).hasSize(1);
  }

  @Test
  void resolve_firstEndpointDown_asksTheNext() throws IOException {
    TestImage served = image("amd64", "layer");
    Hosts two =
        _ ->
            List.of(
                new Endpoint("http", "127.0.0.1:1"), new Endpoint("http", fixture.registry.host()));
    try (RegistryClient client =
        new RegistryClient(two, Credentials.anonymous(), Fixture.QUICK, InstantSource.system())) {
      Image image = client.resolve(ImageReference.parse("r.example/test/image:amd64"), AMD64);
      assertThat(image.manifestDigest()).isEqualTo(served.manifest());
      assertThat(client.config(image)).isNotEmpty();
    }
  }
}
