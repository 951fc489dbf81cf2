package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.TransientFailure;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(300)
class AuthorizationTest {
  private static final ByteRange RANGE = new ByteRange(1000, 90_000);

  private static Fixture with(Credential credential) {
    return new Fixture(_ -> Optional.of(credential), Fixture.QUICK);
  }

  @Test
  void read_basicRequired_showsThePasswordFromTheSecondRequestOn() throws IOException {
    try (Fixture fixture = with(new Credential.Basic("user", "pass:wörd"))) {
      fixture.registry.requireBasic("user", "pass:wörd");
      fixture.blob().read(RANGE);
      fixture.blob().read(RANGE);
      assertThat(fixture.registry.traffic().list())
          .extracting(Traffic.Request::authorization)
          .containsExactly(false, true, true);
    }
  }

  @Test
  void read_nothingRequired_showsNothing() throws IOException {
    try (Fixture fixture = with(new Credential.Basic("user", "pass"))) {
      fixture.blob().read(RANGE);
      assertThat(fixture.registry.traffic().list()).noneMatch(Traffic.Request::authorization);
    }
  }

  @Test
  void read_wrongPassword_isRefusedOnceAndNamesNoSecret() {
    try (Fixture fixture = with(new Credential.Basic("user", "wrong-pass"))) {
      fixture.registry.requireBasic("user", "pass");
      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.status()).hasValue(401))
          .hasMessageNotContaining("wrong-pass");
      assertThat(fixture.registry.traffic().requests()).isEqualTo(2);
    }
  }

  @Test
  void read_noPasswordWhereOneIsRequired_isRefused() {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireBasic("user", "pass");
      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.status()).hasValue(401));
      assertThat(fixture.registry.traffic().requests()).isEqualTo(1);
    }
  }

  /// A source that has nothing yet and may have something soon.
  private static Credentials laterTo(List<Credential> known) {
    return new Credentials() {
      @Override
      public Optional<Credential> find(String host) {
        return known.stream().findFirst();
      }

      @Override
      public boolean mayKnowLater() {
        return true;
      }
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void read_refusedBeforeASourceKnows_isWorthWaitingForAndNotRepeated(boolean tokens)
      throws IOException {
    List<Credential> known = new ArrayList<>();
    try (Fixture fixture = new Fixture(laterTo(known), Fixture.QUICK)) {
      if (tokens) {
        fixture.registry.requireToken("user", "pass", 300);
      } else {
        fixture.registry.requireBasic("user", "pass");
      }

      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .satisfies(e -> assertThat(TransientFailure.in(e)).isTrue())
          .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isFalse())
          .hasMessageContaining("no credentials for it are known yet");
      assertThat(fixture.registry.traffic().requests()).isLessThanOrEqualTo(2);

      known.add(new Credential.Basic("user", "pass"));
      assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void read_refusedThoughASourceKnows_isForGood(boolean tokens) {
    List<Credential> known = List.of(new Credential.Basic("user", "wrong"));
    try (Fixture fixture = new Fixture(laterTo(known), Fixture.QUICK)) {
      if (tokens) {
        fixture.registry.requireToken("user", "pass", 300);
      } else {
        fixture.registry.requireBasic("user", "pass");
      }

      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .satisfies(e -> assertThat(TransientFailure.in(e)).isFalse());
    }
  }

  @Test
  void read_anonymousToken_isFetchedOnceAndKept() throws IOException {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireAnonymousToken(300);
      for (int i = 0; i < 5; i++) {
        fixture.blob().read(RANGE);
      }
      assertThat(fixture.registry.tokensIssued()).isEqualTo(1);
      assertThat(fixture.registry.traffic().requests()).isEqualTo(7);
    }
  }

  @Test
  void read_tokenForAPassword_isGiven() throws IOException {
    try (Fixture fixture = with(new Credential.Basic("user", "pass"))) {
      fixture.registry.requireToken("user", "pass", 300);
      assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
    }
  }

  @Test
  void read_tokenForAnIdentityToken_isGiven() throws IOException {
    try (Fixture fixture = with(new Credential.IdentityToken("refresh-me"))) {
      fixture.registry.requireToken("user", "refresh-me", 300);
      assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
      assertThat(fixture.registry.traffic().list(Target.tokens()))
          .extracting(Traffic.Request::method)
          .containsExactly("POST");
    }
  }

  @Test
  void read_tokenServiceRefuses_isAnErrorWithItsStatus() {
    try (Fixture fixture = with(new Credential.Basic("user", "wrong-pass"))) {
      fixture.registry.requireToken("user", "pass", 300);
      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.status()).hasValue(401))
          .hasMessageContaining("token")
          .hasMessageNotContaining("wrong-pass");
    }
  }

  @Test
  void read_tokenRevoked_isReplacedOnceAndTheReadGoesOn() throws IOException {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireAnonymousToken(300);
      Blob blob = fixture.blob();
      blob.read(RANGE);
      fixture.registry.expireTokens();
      assertThat(blob.read(RANGE)).hasSize(89_000);
      assertThat(fixture.registry.tokensIssued()).isEqualTo(2);
    }
  }

  @Test
  void read_tokenRevokedInTheMiddleOfABody_goesOnWithANewOne() throws IOException {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireAnonymousToken(300);
      Blob blob = fixture.blob();
      blob.read(RANGE);
      fixture.registry.faultNext(1, Target.blobs(), new Fault.CutAfter(1000));
      try (var in = blob.open(RANGE)) {
        in.readNBytes(1000);
        fixture.registry.expireTokens();
        assertThat(in.readAllBytes()).hasSize(88_000);
      }
      assertThat(fixture.registry.tokensIssued()).isEqualTo(2);
    }
  }

  @Test
  void read_tokenNearItsEnd_isReplacedBeforeTheRegistryRefusesIt() throws IOException {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireAnonymousToken(100);
      fixture.blob().read(RANGE);
      fixture.now = fixture.now.plus(Duration.ofSeconds(89));
      fixture.blob().read(RANGE);
      assertThat(fixture.registry.tokensIssued()).isEqualTo(1);
      fixture.now = fixture.now.plus(Duration.ofSeconds(2));
      fixture.blob().read(RANGE);
      assertThat(fixture.registry.tokensIssued()).isEqualTo(2);
      assertThat(fixture.registry.traffic().list(Target.blob(fixture.digest)))
          .extracting(Traffic.Request::status)
          .containsExactly(401, 206, 206, 206);
    }
  }

  @Test
  void read_manyWithoutAToken_fetchOneTogether() throws Exception {
    try (Fixture fixture = new Fixture();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      fixture.registry.requireAnonymousToken(300);
      fixture.registry.fault(Target.tokens(), new Fault.Latency(Duration.ofMillis(200)));
      Blob blob = fixture.blob();
      List<Callable<byte[]>> reads =
          IntStream.range(0, 50).<Callable<byte[]>>mapToObj(_ -> () -> blob.read(RANGE)).toList();
      for (Future<byte[]> read : threads.invokeAll(reads)) {
        assertThat(read.get()).hasSize(89_000);
      }
      assertThat(fixture.registry.tokensIssued()).isEqualTo(1);
    }
  }

  @Test
  void read_tokenServiceFailsForAMoment_isTriedAgain() throws IOException {
    try (Fixture fixture = new Fixture()) {
      fixture.registry.requireAnonymousToken(300);
      fixture.registry.faultNext(2, Target.tokens(), new Fault.Status(503));
      assertThat(fixture.blob().read(RANGE)).hasSize(89_000);
    }
  }

  @Test
  void read_tokenServiceFallsSilent_endsWhenPatienceDoes() {
    try (Fixture fixture = new Fixture(Credentials.anonymous(), Fixture.IMPATIENT)) {
      fixture.registry.requireAnonymousToken(300);
      fixture.registry.fault(Target.tokens(), new Fault.Silence());
      assertThatThrownBy(() -> fixture.blob().read(RANGE)).isInstanceOf(RegistryException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer service=\"x\"",
        "Bearer realm=\"ftp://127.0.0.1/token\"",
        "Bearer realm=\"http://user:pass@127.0.0.1/token\"",
        "Bearer realm=\"not an address\"",
      })
  void read_realmThatIsNoAddress_isRefused(String challenge) {
    try (Fixture fixture = with(new Credential.Basic("user", "pass"))) {
      fixture.registry.fault(
          Target.blobs(), new Fault.Status(401, Map.of("WWW-Authenticate", challenge)));
      assertThatThrownBy(() -> fixture.blob().read(RANGE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("no token service");
    }
  }

  @Test
  void keyOf_plainRealmOfAnHttpsRegistry_isRefused() {
    Challenge challenge =
        Challenge.parse("Bearer realm=\"http://tokens.example/token\"").getFirst();
    assertThatThrownBy(() ->
            Tokens.keyOf(
                challenge, "test", new Endpoint("https", "r.example"), "r.example", "scope"))
        .isInstanceOf(RegistryException.class);
  }

  @Test
  void read_failsOnTheWay_printsNoSecret() throws IOException {
    List<Fault> faults =
        List.of(new Fault.CutAfter(5), new Fault.ResetAfter(5), new Fault.Status(500));
    for (Fault fault : faults) {
      try (Fixture fixture = with(new Credential.Basic("user", "hidden-password"))) {
        fixture.registry.requireToken("user", "hidden-password", 300);
        fixture.registry.redirectBlobs();
        fixture.blob().read(RANGE);
        fixture.registry.fault(Target.blobs(), fault);
        fixture.registry.fault(Target.tokens(), fault);
        fixture.registry.expireTokens();
        fixture.registry.expireRedirects();
        assertThatThrownBy(() -> fixture.blob().read(RANGE))
            .isInstanceOf(RegistryException.class)
            .satisfies(e ->
                assertThat(printed(e))
                    .doesNotContain("hidden-password")
                    .doesNotContain("dXNlcjpoaWRkZW4t")
                    .doesNotContain("token-")
                    .doesNotContain("Signature"));
      }
    }
  }

  private static String printed(Throwable failure) {
    StringWriter out = new StringWriter();
    failure.printStackTrace(new PrintWriter(out, true));
    return out.toString();
  }

  @Test
  void toString_ofSecrets_doesNotTellThem() {
    assertThat(new Credential.Basic("user", "hidden").toString()).doesNotContain("hidden");
    assertThat(new Credential.IdentityToken("hidden").toString()).doesNotContain("hidden");
  }
}
