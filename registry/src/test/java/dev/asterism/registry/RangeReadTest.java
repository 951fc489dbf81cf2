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
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every read gives the very bytes of its range, or fails: whatever the registry does.
@Timeout(300)
class RangeReadTest {
  private static final ByteRange RANGE = new ByteRange(300_000, 700_001);

  private final Fixture fixture = new Fixture();
  private final Target blob = Target.blob(fixture.digest);

  @AfterEach
  void close() {
    fixture.close();
  }

  private byte[] expected(ByteRange range) {
    return Arrays.copyOfRange(fixture.bytes, (int) range.start(), (int) range.end());
  }

  private void assertReadable(ByteRange range) throws IOException {
    assertThat(fixture.blob().read(range)).isEqualTo(expected(range));
  }

  private List<Traffic.Request> requests() {
    return fixture.registry.traffic().list(blob);
  }

  @Test
  void read_plainRange_isOneRequestForExactlyThat() throws IOException {
    assertReadable(RANGE);
    assertThat(requests())
        .singleElement()
        .satisfies(request -> {
          assertThat(request.range()).contains("bytes=300000-700000");
          assertThat(request.bytes()).isEqualTo(RANGE.length());
        });
  }

  @Test
  void read_edgesOfTheBlob_givesThem() throws IOException {
    assertReadable(new ByteRange(0, 1));
    assertReadable(new ByteRange(0, 1 << 20));
    assertReadable(new ByteRange((1 << 20) - 1, 1 << 20));
  }

  @Test
  void read_emptyRange_asksNobody() throws IOException {
    assertThat(fixture.blob().read(new ByteRange(5, 5))).isEmpty();
    assertThat(requests()).isEmpty();
  }

  @Test
  void open_beyondTheBlob_isTheCallersMistake() throws IOException {
    Blob opened = fixture.blob();
    assertThatThrownBy(() -> opened.open(new ByteRange(0, (1 << 20) + 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void read_manyInTurn_useOneConnection() throws IOException {
    for (int i = 0; i < 20; i++) {
      assertReadable(ByteRange.ofLength(i * 50_000L, 48_000));
    }
    assertThat(fixture.registry.traffic().connections()).isEqualTo(1);
  }

  @Test
  void read_manyAtOnce_eachGetsItsBytesOverBoundedConnections() throws Exception {
    Blob opened = fixture.blob();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<byte[]>> reads =
          IntStream.range(0, 200)
              .<Callable<byte[]>>mapToObj(
                  i -> () -> opened.read(ByteRange.ofLength(i * 5_000L, 4_321)))
              .toList();
      List<Future<byte[]>> done = threads.invokeAll(reads);
      for (int i = 0; i < done.size(); i++) {
        assertThat(done.get(i).get()).isEqualTo(expected(ByteRange.ofLength(i * 5_000L, 4_321)));
      }
    }
    assertThat(fixture.registry.traffic().connections())
        .isLessThanOrEqualTo(Fixture.QUICK.connectionsPerHost());
  }

  static List<Fault> faultsThatPass() {
    return List.of(
        new Fault.CutAfter(0),
        new Fault.CutAfter(100_000),
        new Fault.CutAfter(400_000),
        new Fault.ResetAfter(0),
        new Fault.ResetAfter(200_000),
        new Fault.Status(500),
        new Fault.Status(502),
        new Fault.Status(503),
        new Fault.Status(504),
        new Fault.Status(408),
        new Fault.Status(429),
        new Fault.Status(429, Map.of("Retry-After", "0")),
        new Fault.Status(503, Map.of("Retry-After", "1")),
        new Fault.Status(503, Map.of("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")));
  }

  @ParameterizedTest
  @MethodSource("faultsThatPass")
  void read_faultThatPasses_isNotSeen(Fault fault) throws IOException {
    fixture.registry.faultNext(1, blob, fault);
    assertReadable(RANGE);
    assertThat(requests()).hasSize(2);
  }

  static List<Fault> silences() {
    return List.of(new Fault.StallAfter(0), new Fault.StallAfter(123_456), new Fault.Silence());
  }

  @ParameterizedTest
  @MethodSource("silences")
  void read_registrySaysNothingOnce_isAskedAgain(Fault fault) throws IOException {
    try (Fixture impatient = new Fixture(Credentials.anonymous(), Fixture.IMPATIENT)) {
      impatient.registry.faultNext(1, Target.blob(impatient.digest), fault);
      assertThat(impatient.blob().read(RANGE)).isEqualTo(expected(RANGE));
      assertThat(impatient.registry.traffic().requests()).isEqualTo(2);
    }
  }

  @Test
  void read_connectionCutInTheMiddle_asksForTheRestOnly() throws IOException {
    fixture.registry.faultNext(2, blob, new Fault.CutAfter(100_000));
    assertReadable(RANGE);
    assertThat(requests())
        .extracting(request -> request.range().orElseThrow())
        .containsExactly("bytes=300000-700000", "bytes=400000-700000", "bytes=500000-700000");
  }

  @Test
  void read_statusThatStays_isTriedAsOftenAsThePolicySaysAndNoMore() {
    fixture.registry.fault(blob, new Fault.Status(503));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(
            RegistryException.class,
            e -> {
              assertThat(e.status()).hasValue(503);
              assertThat(e.retryable()).isTrue();
              assertThat(e.code()).contains("TEST_FAULT");
              assertThat(e)
                  .hasMessageContaining(fixture.registry.host())
                  .hasMessageContaining("test/image")
                  .hasMessageContaining(fixture.digest.toString());
            });
    assertThat(requests()).hasSize(Fixture.QUICK.attempts());
  }

  @Test
  void read_serverAsksForALongPause_failsAtOnceRatherThanSleep() {
    fixture.registry.fault(blob, new Fault.Status(429, Map.of("Retry-After", "3600")));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.status()).hasValue(429));
    assertThat(requests()).hasSize(1);
  }

  static List<Fault> refusals() {
    return List.of(
        new Fault.Status(400),
        new Fault.Status(401),
        new Fault.Status(403),
        new Fault.Status(404),
        new Fault.Header("Content-Encoding", "gzip"),
        new Fault.Status(501),
        new Fault.Status(204),
        new Fault.Status(302));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void read_refusal_isNotRepeated(Fault fault) {
    fixture.registry.fault(blob, fault);
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isFalse());
    assertThat(requests()).hasSize(1);
  }

  static List<Fault> otherAnswers() {
    return List.of(
        new Fault.WholeBlob(),
        new Fault.OtherRange(-1000, 0),
        new Fault.OtherRange(0, 50_000),
        new Fault.OtherRange(-299_999, 300_000),
        new Fault.OtherRange(0, -1),
        new Fault.OtherRange(-10, 5),
        new Fault.Multipart(),
        new Fault.Chunked(),
        new Fault.Header("Content-Encoding", "identity"),
        new Fault.Trickle(9_000, Duration.ofMillis(2)));
  }

  @ParameterizedTest
  @MethodSource("otherAnswers")
  void read_answerThatIsNotQuiteWhatWasAsked_stillGivesTheBytes(Fault fault) throws IOException {
    fixture.registry.fault(blob, fault);
    assertReadable(RANGE);
    assertReadable(ByteRange.ofLength(1 << 19, 70_000));
  }

  @ParameterizedTest
  @MethodSource("otherAnswers")
  void read_otherAnswerThatIsCut_isResumed(Fault fault) throws IOException {
    fixture.registry.fault(blob, fault);
    fixture.registry.faultNext(1, blob, new Fault.CutAfter(350_000));
    assertReadable(RANGE);
  }

  @Test
  void read_serverDoesNotKnowTheSize_stillGivesTheBytes() throws IOException {
    fixture.registry.fault(blob, new Fault.ClaimedRange("bytes 300000-700000/*"));
    assertReadable(RANGE);
  }

  static List<Fault> answersNoUse() {
    return List.of(
        new Fault.OtherRange(1, 0),
        new Fault.ClaimedRange("bytes 300001-700001/1048576"),
        new Fault.ClaimedRange("bytes 300000-700000/1048577"),
        new Fault.ClaimedRange("bytes 700000-300000/1048576"),
        new Fault.ClaimedRange("bytes 0-/1048576"),
        new Fault.ClaimedRange("bytes */1048576"),
        new Fault.ClaimedRange("bytes 300000-999999999999999999999/*"),
        new Fault.ClaimedRange("lines 1-2/3"),
        new Fault.ClaimedRange(""),
        new Fault.WrongLength(-1),
        new Fault.WrongLength(1),
        new Fault.Status(416),
        new Fault.Header("Content-Type", "multipart/byteranges"),
        new Fault.Header("Content-Type", "multipart/byteranges; boundary=x"));
  }

  @ParameterizedTest
  @MethodSource("answersNoUse")
  void read_oneAnswerThatContradictsItself_isAskedForAgain(Fault fault) throws IOException {
    fixture.registry.faultNext(1, blob, fault);
    assertReadable(RANGE);
    assertThat(requests()).hasSize(2);
  }

  @ParameterizedTest
  @MethodSource("answersNoUse")
  void read_everyAnswerContradictsItself_isRefusedByName(Fault fault) {
    fixture.registry.fault(blob, fault);
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(fixture.digest.toString());
    assertThat(requests()).hasSize(Fixture.QUICK.attempts());
  }

  @Test
  void read_answersThatGetShorterAndShorter_endsWithAnError() {
    fixture.registry.fault(blob, new Fault.OtherRange(0, -1_000_000));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("less and less");
    assertThat(requests()).hasSize(Fixture.QUICK.attempts());
  }

  @Test
  void read_blobOfAnotherSize_isRefused() {
    assertThatThrownBy(() ->
            fixture
                .client()
                .blob(fixture.reference, fixture.digest, OptionalLong.of(2 << 20))
                .read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("1048576")
        .hasMessageContaining("2097152");
  }

  @Test
  void read_rangesIgnoredAndOffsetFar_isRefusedWithoutReadingTheBlob() {
    try (Fixture strict =
        new Fixture(Credentials.anonymous(), Fixture.QUICK.withMaxSkip(100_000))) {
      strict.registry.fault(Target.blobs(), new Fault.WholeBlob());
      assertThatThrownBy(() -> strict.blob().read(RANGE))
          .isInstanceOf(RegistryException.class)
          .hasMessageContaining("ignores ranges");
      assertThat(strict.registry.traffic().requests()).isEqualTo(1);
    }
  }

  @Test
  void open_sizeUnknown_isFoundWithOneByte() throws IOException {
    Blob opened = fixture.client().blob(fixture.reference, fixture.digest, OptionalLong.empty());
    assertThat(opened.size()).isEqualTo(1 << 20);
    assertThat(fixture.registry.traffic().bytes()).isEqualTo(1);
  }

  static List<Fault> probeAnswers() {
    return List.of(
        new Fault.WholeBlob(),
        new Fault.ClaimedRange("bytes 0-0/*"),
        new Fault.ClaimedRange("nonsense"),
        new Fault.Multipart());
  }

  @ParameterizedTest
  @MethodSource("probeAnswers")
  void open_sizeUnknownAndRangeAnsweredOddly_isFoundAllTheSame(Fault fault) throws IOException {
    fixture.registry.fault(blob, fault);
    Blob opened = fixture.client().blob(fixture.reference, fixture.digest, OptionalLong.empty());
    assertThat(opened.size()).isEqualTo(1 << 20);
  }

  @Test
  void open_sizeUnknownAndWholeBlobAnswered_doesNotReadIt() throws IOException {
    byte[] large = new byte[64 << 20];
    var digest = fixture.registry.blob(large);
    fixture.registry.fault(Target.blob(digest), new Fault.WholeBlob());
    Blob opened = fixture.client().blob(fixture.reference, digest, OptionalLong.empty());
    assertThat(opened.size()).isEqualTo(large.length);
    assertThat(fixture.registry.traffic().bytes()).isLessThan(32 << 20); // socket buffers
  }

  @Test
  void open_emptyBlobOfUnknownSize_isEmpty() throws IOException {
    var digest = fixture.registry.blob(new byte[0]);
    Blob opened = fixture.client().blob(fixture.reference, digest, OptionalLong.empty());
    assertThat(opened.size()).isZero();
  }

  @Test
  void close_early_dropsTheConnectionWithoutReadingTheRest() throws IOException {
    byte[] large = new byte[64 << 20];
    var digest = fixture.registry.blob(large);
    Blob opened = fixture.client().blob(fixture.reference, digest, OptionalLong.of(large.length));
    try (InputStream in = opened.open(new ByteRange(0, large.length))) {
      assertThat(in.read()).isZero();
    }
    assertReadable(RANGE);
    assertThat(fixture.registry.traffic().list(Target.blob(digest)).getFirst().bytes())
        .isLessThan(32 << 20); // socket buffers
    assertThat(fixture.registry.traffic().connections()).isEqualTo(2);
  }

  @Test
  void close_beforeTheLastBytes_keepsTheConnection() throws IOException {
    try (InputStream in = fixture.blob().open(RANGE)) {
      assertThat(in.readNBytes(400_000)).hasSize(400_000);
    }
    assertReadable(RANGE);
    assertThat(fixture.registry.traffic().connections()).isEqualTo(1);
  }

  @Test
  void read_flippedByte_isPassedOnForTheVerifierToFind() throws IOException {
    fixture.registry.fault(blob, new Fault.FlippedByte(300_007));
    byte[] expected = expected(RANGE);
    expected[7] ^= (byte) 0xff;
    assertThat(fixture.blob().read(RANGE)).isEqualTo(expected);
  }
}
