package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Nobody waits for ever.
@Timeout(300)
class PatienceTest {
  private static final ByteRange RANGE = new ByteRange(0, 900_000);

  private final Fixture fixture = new Fixture(Credentials.anonymous(), Fixture.IMPATIENT);

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void read_registryFallsSilent_failsAndWorksAgainAfterwards() throws IOException {
    fixture.blob().read(RANGE);
    fixture.registry.fallSilent();
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isTrue());
    fixture.registry.up();
    assertThat(fixture.blob().read(RANGE)).hasSize(900_000);
  }

  /// What `read` says is how long one request may be silent, and no other number.
  @Test
  void read_answerComesLate_isTakenWhereARequestMayWaitForSoLong() throws IOException {
    fixture.registry.fault(Target.blobs(), new Fault.Latency(Duration.ofSeconds(2)));
    RequestPolicy hasty =
        Fixture.QUICK.withTimeouts(
            Duration.ofSeconds(2), Duration.ofMillis(100), Duration.ofSeconds(30));
    try (RegistryClient impatient = fixture.client(hasty);
        RegistryClient patient = fixture.client(Fixture.QUICK)) {
      assertThatThrownBy(() -> fixture.blob(impatient).read(RANGE))
          .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isTrue());
      int before = fixture.registry.traffic().requests();

      assertThat(fixture.blob(patient).read(RANGE)).hasSize(900_000);
      assertThat(fixture.registry.traffic().requests()).isEqualTo(before + 1);
    }
  }

  @Test
  void read_connectionRefused_failsAndWorksAgainAfterwards() throws IOException {
    fixture.blob().read(RANGE);
    fixture.registry.refuseConnections();
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isTrue())
        .hasMessageContaining(fixture.registry.host());
    fixture.registry.up();
    assertThat(fixture.blob().read(RANGE)).hasSize(900_000);
  }

  @Test
  void read_bytesThatComeOneByOne_endsWhenPatienceDoes() {
    fixture.registry.fault(Target.blobs(), new Fault.Trickle(10, Duration.ofMillis(100)));
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOfSatisfying(RegistryException.class, e -> assertThat(e.retryable()).isTrue());
  }

  @Test
  void read_callerPausesLongerThanPatience_goesOn() throws Exception {
    RequestPolicy hasty =
        Fixture.IMPATIENT.withTimeouts(
            Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));
    try (Fixture impatient = new Fixture(Credentials.anonymous(), hasty);
        InputStream in = impatient.blob().open(RANGE)) {
      byte[] first = in.readNBytes(1000);
      Thread.sleep(Duration.ofMillis(2500)); // a slow caller is the condition under test
      byte[] rest = in.readAllBytes();
      assertThat(first.length + rest.length).isEqualTo(900_000);
    }
  }

  @Test
  void read_interrupted_endsAtOnce() throws Exception {
    fixture.registry.fault(Target.blobs(), new Fault.StallAfter(1000));
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<Throwable> outcome = new CompletableFuture<>();
    Thread reader =
        Thread.startVirtualThread(() -> {
          try (InputStream in = fixture.blob().open(RANGE)) {
            in.readNBytes(1000);
            started.countDown();
            in.readAllBytes();
            outcome.complete(new AssertionError("read to the end"));
          } catch (IOException e) {
            outcome.complete(e);
          }
        });
    started.await();
    reader.interrupt();
    assertThat(outcome.get()).isInstanceOf(InterruptedIOException.class);
    assertThat(fixture.registry.traffic().requests()).isEqualTo(1);
  }

  @Test
  void close_whileReading_failsTheReader() throws Exception {
    fixture.registry.fault(Target.blobs(), new Fault.StallAfter(1000));
    CountDownLatch started = new CountDownLatch(1);
    CompletableFuture<byte[]> outcome = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try (InputStream in = fixture.blob().open(RANGE)) {
        in.readNBytes(1000);
        started.countDown();
        outcome.complete(in.readAllBytes());
      } catch (IOException e) {
        outcome.completeExceptionally(e);
      }
    });
    started.await();
    fixture.client().close();
    assertThatThrownBy(outcome::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(RegistryException.class)
        .hasMessageContaining("closed");
    assertThatThrownBy(() -> fixture.blob().read(RANGE))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("closed");
  }
}
