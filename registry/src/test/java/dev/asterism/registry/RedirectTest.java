package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class RedirectTest {
  private static final ByteRange RANGE = new ByteRange(1000, 90_000);

  private final Fixture fixture =
      new Fixture(_ -> Optional.of(new Credential.Basic("user", "pass")), Fixture.IMPATIENT);
  private final Target origin = Target.path("/v2/test/image/blobs/" + fixture.digest);

  @AfterEach
  void close() {
    fixture.close();
  }

  private List<Traffic.Request> at(Target target) {
    return fixture.registry.traffic().list(target);
  }

  @Test
  void read_redirected_goesStraightThereTheNextTime() throws IOException {
    fixture.registry.redirectBlobs();
    Blob blob = fixture.blob();
    for (int i = 0; i < 3; i++) {
      assertThat(blob.read(RANGE)).hasSize(89_000);
    }
    assertThat(at(origin)).hasSize(1);
    assertThat(at(Target.signed())).hasSize(3);
  }

  @Test
  void read_redirectedToAnotherOrigin_showsItNoCredentialAndKeepsTheRange() throws IOException {
    fixture.registry.requireBasic("user", "pass");
    fixture.registry.redirectBlobs();
    assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
    assertThat(at(origin)).last().matches(Traffic.Request::authorization);
    assertThat(at(Target.signed()))
        .isNotEmpty()
        .allSatisfy(request -> {
          assertThat(request.authorization()).isFalse();
          assertThat(request.range()).contains("bytes=1000-89999");
        });
  }

  @Test
  void read_addressHasExpired_isResolvedAnewOnce() throws IOException {
    fixture.registry.redirectBlobs();
    Blob blob = fixture.blob();
    blob.read(RANGE);
    fixture.registry.expireRedirects();
    assertThat(blob.read(RANGE)).hasSize(89_000);
    assertThat(at(origin)).hasSize(2);
    assertThat(at(Target.signed()))
        .extracting(Traffic.Request::status)
        .containsExactly(206, 403, 206);
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 404, 410})
  void read_addressRefusedForGood_isAnErrorAfterOneMoreResolution(int status) throws IOException {
    fixture.registry.redirectBlobs();
    Blob blob = fixture.blob();
    blob.read(RANGE);
    fixture.registry.fault(Target.signed(), new Fault.Status(status));
    assertThatThrownBy(() -> blob.read(RANGE))
        .isInstanceOfSatisfying(
            RegistryException.class, e -> assertThat(e.status()).hasValue(status))
        .hasMessageNotContaining("Signature");
    assertThat(at(origin)).hasSize(2);
    assertThat(at(Target.signed())).hasSize(3);
  }

  @Test
  void read_cutBehindARedirectThatExpiresMeanwhile_goesOn() throws IOException {
    fixture.registry.redirectBlobs();
    fixture.registry.faultNext(1, Target.blob(fixture.digest), new Fault.CutAfter(100));
    try (InputStream in = fixture.blob().open(RANGE)) {
      in.readNBytes(100);
      fixture.registry.expireRedirects();
      assertThat(in.readAllBytes()).hasSize(88_900);
    }
    assertThat(at(origin)).hasSize(2);
    assertThat(at(Target.signed()))
        .extracting(Traffic.Request::status)
        .containsExactly(206, 403, 206);
  }

  static List<Fault> failures() {
    return List.of(new Fault.Status(503), new Fault.ResetAfter(0), new Fault.Silence());
  }

  @ParameterizedTest
  @MethodSource("failures")
  void read_addressFails_asksTheRegistryForAnother(Fault fault) throws IOException {
    fixture.registry.redirectBlobs();
    Blob blob = fixture.blob();
    blob.read(RANGE);
    fixture.registry.faultNext(1, Target.signed(), fault);
    assertThat(blob.read(RANGE)).hasSize(89_000);
    assertThat(at(Target.signed())).hasSize(3);
    if (!(fault instanceof Fault.ResetAfter)) { // it may come behind the head of the answer
      assertThat(at(origin)).hasSize(2);
    }
  }

  @Test
  void read_relativeRedirect_isFollowed() throws IOException {
    fixture.registry.faultNext(
        1,
        origin,
        new Fault.Status(308, Map.of("Location", "../../other/blobs/" + fixture.digest)));
    assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
    assertThat(at(Target.path("/v2/test/other/blobs/" + fixture.digest))).hasSize(1);
  }

  @Test
  void read_redirectsInACircle_endsWithAnError() {
    fixture.registry.fault(
        origin,
        new Fault.Status(302, Map.of("Location", "/v2/test/image/blobs/" + fixture.digest)));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("redirects");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ftp://127.0.0.1/x",
        "http://",
        "file:///etc/passwd",
        "http://a b/",
        "//[",
        "http:x"
      })
  void read_redirectToNoAddress_isRefused(String location) {
    fixture.registry.fault(origin, new Fault.Status(307, Map.of("Location", location)));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("no address");
  }
}
