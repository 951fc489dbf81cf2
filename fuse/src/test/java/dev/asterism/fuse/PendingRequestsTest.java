package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.fuse.wire.InHeader;
import dev.asterism.linux.Errno;
import dev.asterism.linux.Fd;
import dev.asterism.linux.FuseDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PendingRequestsTest {
  @TempDir Path dir;

  private final PendingRequests requests = new PendingRequests();

  /// Opens a file in the place of a device: its content are the answers.
  private FuseDevice device() throws Exception {
    return new FuseDevice(Fd.openReadWrite(Files.createFile(dir.resolve("answers"))));
  }

  private static Pending request(long unique, FuseDevice device) {
    return new Pending(new InHeader(40, 3, unique, 1, 0, 0, 1, 0), new Request.Getattr(), device);
  }

  @Test
  void interrupted_afterTheRequest_findsIt() throws Exception {
    try (FuseDevice device = device()) {
      Pending pending = request(2, device);
      assertThat(requests.add(pending)).isFalse();
      assertThat(requests.interrupted(2)).containsSame(pending);
      requests.remove(pending);
      assertThat(requests.size()).isZero();
    }
  }

  @Test
  void interrupted_beforeTheRequest_isFoundByIt() throws Exception {
    try (FuseDevice device = device()) {
      assertThat(requests.interrupted(2)).isEmpty();
      assertThat(requests.add(request(2, device))).isTrue();
      assertThat(requests.add(request(4, device))).isFalse();
    }
  }

  @Test
  void add_afterAllWereAbandoned_isAbandonedToo() throws Exception {
    try (FuseDevice device = device()) {
      Pending before = request(2, device);
      requests.add(before);
      Pending answered = request(4, device);
      requests.add(answered);
      assertThat(answered.succeed()).isTrue();

      requests.abandonAll();
      Pending after = request(6, device);
      requests.add(after);

      assertThat(before.isAbandoned()).isTrue();
      assertThat(answered.isAbandoned()).isFalse();
      assertThat(after.isAbandoned()).isTrue();
      assertThat(after.fail(Errno.EIO)).isFalse();
    }
  }

  @Test
  void forgetEarly_onlyWhatIsOld_isThrownAway() throws Exception {
    try (FuseDevice device = device()) {
      assertThat(requests.interrupted(2)).isEmpty();
      requests.forgetEarly(Duration.ofHours(1));
      assertThat(requests.add(request(2, device))).isTrue();
      assertThat(requests.interrupted(4)).isEmpty();
      requests.forgetEarly(Duration.ofNanos(-1));
      assertThat(requests.add(request(4, device))).isFalse();
    }
  }

  @Test
  void interrupted_whileTheRequestIsAdded_isSeenByExactlyOne() throws Exception {
    try (FuseDevice device = device()) {
      CyclicBarrier together = new CyclicBarrier(2);
      AtomicInteger seen = new AtomicInteger();
      for (long unique = 2; unique < 20_000; unique += 2) {
        long current = unique;
        Thread interrupting =
            Thread.startVirtualThread(() -> {
              await(together);
              if (requests.interrupted(current).isPresent()) {
                seen.incrementAndGet();
              }
            });
        await(together);
        if (requests.add(request(current, device))) {
          seen.incrementAndGet();
        }
        interrupting.join();
        assertThat(seen.getAndSet(0)).isEqualTo(1);
      }
    }
  }

  @Test
  void answer_byManyAtOnce_isWrittenOnce() throws Exception {
    try (FuseDevice device = device()) {
      Pending pending = request(2, device);
      AtomicInteger taken = new AtomicInteger();
      Thread[] threads = new Thread[8];
      CyclicBarrier together = new CyclicBarrier(threads.length);
      for (int i = 0; i < threads.length; i++) {
        threads[i] =
            Thread.startVirtualThread(() -> {
              await(together);
              if (pending.fail(Errno.EINTR)) {
                taken.incrementAndGet();
              }
            });
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(taken).hasValue(1);
      assertThat(dir.resolve("answers"))
          .hasBinaryContent(new byte[] {16, 0, 0, 0, -4, -1, -1, -1, 2, 0, 0, 0, 0, 0, 0, 0});
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
