package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TocTimeTest {
  @ParameterizedTest
  @CsvSource({
    "2024-02-29T23:59:58Z, 2024-02-29T23:59:58Z",
    "1969-12-31T23:59:59Z, 1969-12-31T23:59:59Z",
    "0000-01-01T00:00:00Z, 0000-01-01T00:00:00Z",
    "9999-12-31T00:00:00Z, 9999-12-31T00:00:00Z",
    "2024-02-29T23:59:58.5Z, 2024-02-29T23:59:58.500Z",
    "2024-03-01T01:00:00+02:00, 2024-02-29T23:00:00Z",
    "12024-02-29T23:59:58Z, +12024-02-29T23:59:58Z",
  })
  void parse_time_isThat(String text, Instant expected) {
    assertThat(TocTime.parse(text)).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"})
  void parse_noneOrTheEpoch_isTheEpoch(String text) {
    assertThat(TocTime.parse(text)).hasValue(Instant.EPOCH);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-10T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T23:60:00Z",
        "2024-01-01T23:59:60Z",
        "2024-01-01 23:59:59Z",
        "2024-01-01t23:59:59Z",
        "2024-01-01T23:59:5٣Z",
        "2024-01-01T23:59:59",
        "+024-01-01T23:59:59Z",
        "soon",
      })
  void parse_noTime_isEmpty(String text) {
    assertThat(TocTime.parse(text)).isEmpty();
  }

  @Test
  void parse_whatFormatWrote_isTheTime() {
    Instant time = Instant.ofEpochSecond(1_700_000_000, 123);
    assertThat(TocTime.parse(TocTime.format(time))).hasValue(time);
  }
}
