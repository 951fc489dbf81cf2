package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A registry with two mirrors before it.
@Timeout(300)
class MirrorTest {
  private final TestRegistry first = TestRegistry.start();
  private final TestRegistry second = TestRegistry.start();
  private final TestRegistry source = TestRegistry.start();
  private final byte[] bytes = new byte[1 << 20];
  private final ImageReference reference = ImageReference.parse(source.host() + "/test/image:1");
  private final Digest digest;
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private RegistryClient client =
      client(mirror(first), mirror(second), Hosts.source(source.host()));

  MirrorTest() {
    new Random(5).nextBytes(bytes);
    digest = first.blob(bytes);
    second.blob(bytes);
    source.blob(bytes);
  }

  private static Endpoint mirror(TestRegistry registry) {
    return new Endpoint("http", registry.host());
  }

  private RegistryClient client(Endpoint... endpoints) {
    return client(Credentials.anonymous(), endpoints);
  }

  private RegistryClient client(Credentials credentials, Endpoint... endpoints) {
    InstantSource clock = () -> now;
    return new RegistryClient(
        _ -> List.of(endpoints), credentials, Fixture.IMPATIENT, clock, List.of());
  }

  private void use(Credentials credentials, Endpoint... endpoints) {
    client.close();
    client = client(credentials, endpoints);
  }

  @AfterEach
  void end() {
    client.close();
    first.close();
    second.close();
    source.close();
  }

  private Blob blob() throws IOException {
    return client.blob(reference, digest, OptionalLong.of(bytes.length));
  }

  private void assertWhole() throws IOException {
    assertThat(blob().read(new ByteRange(0, bytes.length))).isEqualTo(bytes);
  }

  @Test
  void read_firstMirrorWorks_asksNobodyElse() throws IOException {
    assertWhole();
    assertThat(first.traffic().requests()).isOne();
    assertThat(second.traffic().requests()).isZero();
    assertThat(source.traffic().requests()).isZero();
  }

  static List<Fault> failures() {
    return List.of(
        new Fault.Status(404),
        new Fault.Status(403),
        new Fault.Status(500),
        new Fault.Status(503, Map.of("Retry-After", "3600")),
        new Fault.Silence(),
        new Fault.StallAfter(100_000),
        new Fault.CutAfter(300_000),
        new Fault.ResetAfter(300_000),
        new Fault.ClaimedRange("bytes 5-9/77"),
        new Fault.OtherRange(4096, 4096),
        new Fault.WrongLength(-100),
        new Fault.WrongLength(100));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void read_mirrorFails_goesOnWithTheNextAndRemembersIt(Fault fault) throws IOException {
    first.fault(Target.blobs(), fault);
    assertWhole();
    int asked = first.traffic().requests();
    assertThat(second.traffic().requests()).isPositive();
    assertThat(source.traffic().requests()).isZero();

    assertWhole();
    assertThat(first.traffic().requests()).isEqualTo(asked);

    first.clearFaults();
    now = now.plus(Duration.ofMinutes(6));
    assertWhole();
    assertThat(first.traffic().requests()).isGreaterThan(asked);
  }

  @Test
  void read_allMirrorsAreGone_asksTheRegistryItself() throws IOException {
    first.refuseConnections();
    second.refuseConnections();
    assertWhole();
    assertThat(source.traffic().requests()).isOne();
  }

  @Test
  void read_mirrorDiesInTheMiddleOfAStream_goesOnElsewhereAtTheSameByte() throws IOException {
    first.fault(Target.blobs(), new Fault.StallAfter(256 << 10));
    byte[] read = new byte[bytes.length];
    try (InputStream in = blob().open(new ByteRange(0, bytes.length))) {
      int got = in.readNBytes(read, 0, 100_000);
      assertThat(got).isEqualTo(100_000);
      first.refuseConnections();
      in.readNBytes(read, got, bytes.length - got);
    }
    assertThat(read).isEqualTo(bytes);
    Optional<String> range = second.traffic().list().getFirst().range();
    assertThat(range.orElseThrow()).doesNotStartWith("bytes=0-");
  }

  @Test
  void distrust_mirrorGaveWrongBytes_nextReadComesFromAnother() throws IOException {
    first.fault(Target.blobs(), new Fault.FlippedByte(7));
    Blob blob = blob();
    ByteRange range = new ByteRange(0, 1000);
    byte[] right = Arrays.copyOf(bytes, 1000);
    assertThat(blob.read(range)).isNotEqualTo(right);

    assertThat(blob.distrust(range)).isTrue();

    assertThat(blob.read(range)).isEqualTo(right);
    assertThat(second.traffic().requests()).isOne();
  }

  @Test
  void distrust_thereIsOnlyOne_saysThatNothingWillChange() throws IOException {
    use(Credentials.anonymous(), mirror(first));
    Blob blob = blob();
    blob.read(new ByteRange(0, 1000));
    assertThat(blob.distrust(new ByteRange(0, 1000))).isFalse();
  }

  @Test
  void resolve_mirrorLiesAboutTheManifest_isNotBelieved() throws IOException {
    TestImage image = source.image("test/image", "1", ImageConfig.running(), List.of());
    first.image("test/image", "1", ImageConfig.running(), List.of());
    first.fault(Target.manifests(), new Fault.FlippedByte(20));

    assertThat(client.resolve(reference, Platform.host()).manifestDigest())
        .isEqualTo(image.manifest());
  }

  @Test
  void read_mirrorOfAnotherRegistry_isToldWhose() throws IOException {
    assertWhole();
    assertThat(first.traffic().list().getFirst().namespace()).isEqualTo(source.host());
    first.refuseConnections();
    second.refuseConnections();
    assertWhole();
    assertThat(source.traffic().list()).extracting(Traffic.Request::namespace).containsOnly("");
  }

  @Test
  void read_everybodyAsksForAPassword_seesItsOwnOnly() throws IOException {
    first.requireBasic("one", "first-secret");
    source.requireBasic("three", "source-secret");
    second.refuseConnections();
    Map<String, Credential> known =
        Map.of(source.host(), new Credential.Basic("three", "source-secret"));
    use(
        host -> Optional.ofNullable(known.get(host)),
        mirror(first),
        mirror(second),
        Hosts.source(source.host()));

    assertWhole();

    assertThat(first.traffic().list()).noneMatch(Traffic.Request::authorization);
    assertThat(source.traffic().list()).last().matches(Traffic.Request::authorization);
  }

  @Test
  void read_mirrorHasHeaders_theyGoNowhereElse() throws IOException {
    Endpoint headed =
        new Endpoint(
            "http",
            first.host(),
            "/v2",
            new Endpoint.Options(
                Endpoint.Options.DEFAULT.capabilities(),
                Map.of("X-Token", List.of("secret-header", "two")),
                Optional.empty(),
                Optional.empty(),
                TlsFiles.NONE));
    assertThat(headed.toString() + headed.options()).doesNotContain("secret-header");
    first.redirectBlobs();
    use(Credentials.anonymous(), headed);

    assertWhole();

    assertThat(first.traffic().list(Target.signed()))
        .isNotEmpty()
        .allSatisfy(request -> assertThat(request.own()).isEmpty());
    assertThat(first.traffic().list().getFirst().own())
        .containsEntry("x-token", "secret-header, two");
  }

  @Test
  void read_nobodyHasIt_saysWhoWasAsked() {
    for (TestRegistry registry : List.of(first, second, source)) {
      registry.fault(Target.blobs(), new Fault.Status(404));
    }
    assertThatThrownBy(this::assertWhole)
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(source.host())
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
  }
}
