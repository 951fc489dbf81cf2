package dev.asterism.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import org.junit.jupiter.api.Test;

final class UsageTest {
  private static final Digest DIGEST = Digest.of(new byte[] {1});

  private final Usage usage = new Usage(4096);

  @Test
  void bytes_moreRemovedThanCountedYet_isNothing() {
    usage.ownChanged(-4096);
    usage.begin(DIGEST);
    usage.end(DIGEST, -8192);
    assertThat(usage.bytes()).isZero();
  }

  @Test
  void bytes_removedBeforeTheCount_isWhatTheCountCameTo() {
    usage.begin(DIGEST);
    usage.end(DIGEST, -8192);
    int directory = (int) (DIGEST.a() >>> 56);
    assertThat(usage.settle(directory, usage.version(directory), 12288)).isTrue();
    assertThat(usage.bytes()).isEqualTo(12288);
  }
}
