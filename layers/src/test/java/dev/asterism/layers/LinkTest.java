package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Links to a registry that does not answer before it is told to, and then badly.
@Timeout(60)
final class LinkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final IdleMemory memory = new IdleMemory(() -> {});
  private final Scheduler scheduler = new Scheduler(FetchPolicy.DEFAULT, memory);
  private final Silent layer = new Silent();
  private final Link link = scheduler.link("registry.example");

  @AfterEach
  void close() {
    layer.answer.countDown();
    scheduler.close();
    memory.close();
  }

  private Flight read(int chunk) {
    return link.read(layer, layer.chunk(chunk), List.of(), false);
  }

  @Test
  void read_afterTheEnd_failsAtOnceAndLeavesNothing() {
    scheduler.close();

    assertThatThrownBy(() -> read(0).place(Deadline.in(PATIENCE)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("stopping");
    assertThat(link.report("registry.example").queued()).isZero();
    assertThat(layer.asked).hasValue(0);
  }

  /// A read that joined what was begun for nobody is owed an attempt of its own, which there is no
  /// time for any more.
  @Test
  void close_rangeFailsThatAReadHadJoined_readIsTold() throws Exception {
    FetchTicket _ = link.fetch(layer, List.of(layer.chunk(0)), FetchClass.LEARNED);
    layer.begun.await();
    Flight flight = read(0);

    scheduler.close();
    layer.answer.countDown();

    assertThatThrownBy(() -> flight.place(Deadline.in(PATIENCE)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("stopping");
    assertThat(link.report("registry.example").queued()).isZero();
  }

  @Test
  void isUrgent_hostThatDoesNotAnswer_isNotForLong() throws Exception {
    Flight _ = read(0);
    layer.begun.await();
    assertThat(scheduler.isQuiet(Duration.ZERO)).isFalse();

    LazyNode.await(() -> scheduler.isQuiet(Duration.ofSeconds(1)));

    assertThat(link.report("registry.example").running()).hasSize(1); // and it still waits
  }

  /// A layer of a registry that says nothing until it is told to, and then breaks off.
  private static final class Silent implements FetchTarget {
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);
    private final AtomicInteger asked = new AtomicInteger();

    LayerChunk chunk(int number) {
      return new LayerChunk(
          number,
          new ByteRange(1000L * number, 1000L * number + 1000),
          0,
          0,
          1000,
          number,
          Optional.of(Digest.of(("chunk " + number).getBytes(StandardCharsets.UTF_8))));
    }

    @Override
    public Digest digest() {
      return Digest.of(new byte[0]);
    }

    @Override
    public Blob blob() {
      return new Blob() {
        @Override
        public long size() {
          return 1 << 20;
        }

        @Override
        public InputStream open(ByteRange range) throws IOException {
          asked.incrementAndGet();
          begun.countDown();
          try {
            answer.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
          throw new IOException("connection reset");
        }
      };
    }

    @Override
    public boolean isWholesale() {
      return false;
    }

    @Override
    public boolean isHere(LayerChunk chunk) {
      return false;
    }

    @Override
    public Want.Name nameOf(LayerChunk chunk) {
      return Want.Name.of(this, chunk, true);
    }

    @Override
    public void land(LayerChunk chunk, Flight flight) throws IOException {
      throw new IOException("nothing is here");
    }

    @Override
    public VerifiedChunk verify(LayerChunk chunk, byte[] bytes) {
      throw new AssertionError("nothing comes");
    }

    @Override
    public Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {
      throw new AssertionError("nothing comes");
    }

    @Override
    public void arrived(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted) {}

    @Override
    public void failed(LayerChunk chunk, IOException cause, FetchClass wanted) {}

    @Override
    public void fetched(FetchedRange range) {}
  }
}
