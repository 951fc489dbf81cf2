package dev.asterism.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ByteRangeTest {
  @Test
  void ofLength_overflowingEnd_isRefused() {
    assertThatThrownBy(() -> ByteRange.ofLength(10, Long.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void contains_rangeReachingOut_isFalse() {
    ByteRange range = new ByteRange(10, 20);

    assertThat(range.contains(new ByteRange(10, 20))).isTrue();
    assertThat(range.contains(new ByteRange(15, 21))).isFalse();
    assertThat(range.contains(new ByteRange(20, 20))).isTrue();
  }
}
