package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class AheadStreamTest {
  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(length).nextBytes(bytes);
    return bytes;
  }

  /// Gives as little at a time as it likes, and tells how far it was read.
  private static final class Uneven extends InputStream {
    private final InputStream in;
    private final SplittableRandom random = new SplittableRandom(1);
    final AtomicLong given = new AtomicLong();

    Uneven(byte[] bytes) {
      in = new ByteArrayInputStream(bytes);
    }

    @Override
    public int read() {
      throw new AssertionError("one at a time is slow");
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int count = in.read(buffer, offset, random.nextInt(1, length + 1));
      given.addAndGet(Math.max(count, 0));
      return count;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 32768, 32769, 3_000_000})
  void read_anyLength_givesTheSameBytes(int length) throws IOException {
    byte[] bytes = bytes(length);
    try (AheadStream ahead = new AheadStream(new Uneven(bytes), length)) {
      assertThat(ahead.readAllBytes()).isEqualTo(bytes);
      assertThat(ahead.read()).isEqualTo(-1);
    }
  }

  @Test
  void read_moreThanItsLengthIsThere_leavesTheRest() throws IOException {
    Uneven in = new Uneven(bytes(1000));
    try (AheadStream ahead = new AheadStream(in, 600)) {
      assertThat(ahead.readAllBytes()).hasSize(600);
    }
    assertThat(in.given).hasValue(600);
  }

  @Test
  void read_lessThanItsLengthIsThere_endsThere() throws IOException {
    try (AheadStream ahead = new AheadStream(new Uneven(bytes(1000)), 1001)) {
      assertThat(ahead.readAllBytes()).hasSize(1000);
    }
  }

  @Test
  void read_otherStreamFails_givesWhatCameAndThenTheFailure() throws IOException {
    InputStream failing =
        new InputStream() {
          private int calls;

          @Override
          public int read() throws IOException {
            if (calls++ == 3) {
              throw new IOException("the cable");
            }
            return 7;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            buffer[offset] = (byte) read();
            return 1;
          }
        };
    try (AheadStream ahead = new AheadStream(failing, 10)) {
      assertThat(ahead.readNBytes(3)).containsExactly(7, 7, 7);
      assertThatThrownBy(ahead::read).isInstanceOf(IOException.class).hasMessage("the cable");
    }
  }

  @Test
  void close_littleIsLeft_isReadToTheEnd() throws IOException {
    Uneven in = new Uneven(bytes(30_000));
    try (AheadStream ahead = new AheadStream(in, 30_000)) {
      assertThat(ahead.read()).isNotNegative();
    }
    assertThat(in.given).hasValue(30_000);
  }

  @Test
  void close_muchIsLeft_interruptsTheOtherRead() throws Exception {
    CountDownLatch reads = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    InputStream silent =
        new InputStream() {
          @Override
          public int read() throws IOException {
            reads.countDown();
            try {
              new CountDownLatch(1).await();
              throw new AssertionError("nobody counts down");
            } catch (InterruptedException _) {
              interrupted.set(true);
              throw new InterruptedIOException();
            }
          }

          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            return read();
          }
        };
    try (AheadStream _ = new AheadStream(silent, 1 << 20)) {
      reads.await();
    }
    assertThat(interrupted).isTrue();
  }

  @Test
  void read_nobodyReads_isNotAheadByMoreThanItsBlocks() throws Exception {
    Uneven in = new Uneven(bytes(4 << 20));
    try (AheadStream ahead = new AheadStream(in, 4 << 20)) {
      for (long before = 0; in.given.get() > before || before == 0; Thread.sleep(50)) {
        before = in.given.get();
      }
      assertThat(in.given.get()).isBetween(1L, 1L << 20);
      assertThat(ahead.readAllBytes()).isEqualTo(bytes(4 << 20));
    }
  }
}
