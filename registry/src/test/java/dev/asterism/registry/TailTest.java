package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A blob of unknown size with its last bytes.
class TailTest {
  private static final int SIZE = 1 << 20; // 1 MiB, as the fixture's blob
  private static final int TAIL = 100_000;

  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() {
    fixture.close();
  }

  private Blob open(Digest digest) throws IOException {
    return fixture.client().blobWithTail(fixture.reference, digest, TAIL);
  }

  private int requests() {
    return fixture.registry.traffic().requests();
  }

  private void assertReads(Blob blob, long start, long end) throws IOException {
    assertThat(blob.read(new ByteRange(start, end)))
        .isEqualTo(Arrays.copyOfRange(fixture.bytes, (int) start, (int) end));
  }

  @Test
  void blobWithTail_sizeFooterAndToc_areOneRequest() throws IOException {
    Blob blob = open(fixture.digest);

    assertThat(blob.size()).isEqualTo(SIZE);
    assertReads(blob, SIZE - 51, SIZE);
    assertReads(blob, SIZE - TAIL, SIZE - 51);
    assertThat(requests()).isEqualTo(1);
    assertThat(fixture.registry.traffic().bytes()).isEqualTo(TAIL);
  }

  @Test
  void read_beginsBeforeTheTail_asksForTheRestOnly() throws IOException {
    Blob blob = open(fixture.digest);

    assertReads(blob, SIZE - TAIL - 5_000, SIZE - 51);
    assertThat(requests()).isEqualTo(2);
    assertThat(fixture.registry.traffic().bytes()).isEqualTo(TAIL + 5_000);
  }

  @Test
  void read_endsBeforeTheTail_isAnOrdinaryRead() throws IOException {
    assertReads(open(fixture.digest), 0, SIZE - TAIL);
    assertReads(open(fixture.digest), SIZE - TAIL, SIZE - TAIL);
  }

  @Test
  void open_beyondTheBlob_isTheCallersMistake() throws IOException {
    Blob blob = open(fixture.digest);

    assertThatThrownBy(() -> blob.open(new ByteRange(SIZE - 10, SIZE + 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void blobWithTail_shorterThanTheTail_comesWhole() throws IOException {
    byte[] bytes = {1, 2, 3};
    Blob blob = open(fixture.registry.blob(bytes));

    assertThat(blob.read(new ByteRange(0, 3))).isEqualTo(bytes);
    assertThat(requests()).isEqualTo(1);
  }

  @Test
  void blobWithTail_empty_isEmpty() throws IOException {
    assertThat(open(fixture.registry.blob(new byte[0])).size()).isZero();
  }

  static List<Fault> answersWithoutATail() {
    return List.of(
        new Fault.Status(400),
        new Fault.Status(501),
        new Fault.WholeBlob(),
        new Fault.OtherRange(-7, 0),
        new Fault.OtherRange(0, -7),
        new Fault.ClaimedRange("bytes 0-99999/1048576"),
        new Fault.ClaimedRange("nonsense"),
        new Fault.WrongLength(-1),
        new Fault.Multipart(),
        new Fault.Status(503),
        new Fault.CutAfter(1000));
  }

  @ParameterizedTest
  @MethodSource("answersWithoutATail")
  void blobWithTail_answeredOddly_readsAllTheSame(Fault fault) throws IOException {
    fixture.registry.faultNext(1, Target.blobs(), fault);

    Blob blob = open(fixture.digest);

    assertThat(blob.size()).isEqualTo(SIZE);
    assertReads(blob, SIZE - TAIL - 100, SIZE);
  }

  @Test
  void blobWithTail_notThere_failsAfterOneRequest() {
    Digest absent = Digest.of(new byte[] {9});

    assertThatThrownBy(() -> open(absent))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.status()).hasValue(404));
    assertThat(requests()).isEqualTo(1);
  }
}
