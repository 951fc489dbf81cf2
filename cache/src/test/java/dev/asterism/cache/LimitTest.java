package dev.asterism.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LimitTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1048576, 1048576",
    "10k, 10240",
    "10KiB, 10240",
    "10 KB, 10000",
    "1.5G, 1610612736",
    "2TB, 2000000000000",
    "25%, 250",
    "12.5 %, 125"
  })
  void parse_sizeOrPercent_isSoManyBytes(String text, long bytes) {
    assertThat(Limit.parse(text).orElseThrow().bytes(1000)).isEqualTo(OptionalLong.of(bytes));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "ten", "10 X", "101%", "1e9", "99999999999999999999", "0x10", "G"})
  void parse_anythingElse_isEmpty(String text) {
    assertThat(Limit.parse(text)).isEmpty();
  }

  @Test
  void parse_nothing_isNoLimit() {
    assertThat(Limit.parse(" ").orElseThrow().bytes(1000)).isEmpty();
  }

  @Test
  void minFreeOf_unset_isAPartOfTheDiskButNotMuch() {
    assertThat(Budget.DEFAULT.minFreeOf(100L << 30)).isEqualTo(5L << 30);
    assertThat(Budget.DEFAULT.minFreeOf(10L << 40)).isEqualTo(8L << 30);
    assertThat(Budget.DEFAULT.maxSizeOf(100L << 30)).isEqualTo(Long.MAX_VALUE);
  }
}
