package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class BuffersTest {
  private final Buffers buffers = new Buffers(1 << 20);

  @Test
  void segment_ofALease_isTheContentOfItsMessage() {
    try (Buffers.Lease lease = buffers.lease(1000)) {
      assertThat(lease.segment().byteSize()).isEqualTo(1000);
      assertThat(lease.segment()).isEqualTo(lease.segment());
      MemorySegment message = lease.message(10);
      assertThat(message.byteSize()).isEqualTo(26);
      assertThat(message.address() + 16).isEqualTo(lease.segment().address());
    }
  }

  @Test
  void lease_afterAnotherWasClosed_getsItsMemory() {
    long first;
    try (Buffers.Lease lease = buffers.lease(1 << 20)) {
      first = lease.segment().address();
    }
    try (Buffers.Lease lease = buffers.lease(1 << 19)) {
      assertThat(lease.segment().address()).isEqualTo(first);
    }
  }

  @Test
  void lease_largerThanTheLargest_isRefused() {
    assertThatThrownBy(() -> buffers.lease((1 << 20) + 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> buffers.lease(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void segment_whenAllAreTaken_waitsForOne() throws Exception {
    List<Buffers.Lease> taken = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Buffers.Lease lease = buffers.lease(1 << 20);
      assertThat(lease.segment().byteSize()).isEqualTo(1 << 20);
      taken.add(lease);
    }
    CountDownLatch got = new CountDownLatch(1);
    Thread waiting =
        Thread.startVirtualThread(() -> {
          try (Buffers.Lease lease = buffers.lease(1 << 20)) {
            lease.segment().fill((byte) 1);
            got.countDown();
          }
        });
    while (waiting.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(got.getCount()).isEqualTo(1);
    taken.getFirst().close();
    got.await();
    taken.forEach(Buffers.Lease::close);
  }
}
