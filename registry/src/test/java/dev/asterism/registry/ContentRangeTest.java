package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentRangeTest {
  @Test
  void parse_forms_areRead() {
    assertThat(ContentRange.parse("bytes 0-9/100"))
        .contains(new ContentRange(Optional.of(new ByteRange(0, 10)), OptionalLong.of(100)));
    assertThat(ContentRange.parse(" bytes 5-5/* "))
        .contains(new ContentRange(Optional.of(new ByteRange(5, 6)), OptionalLong.empty()));
    assertThat(ContentRange.parse("bytes */7"))
        .contains(new ContentRange(Optional.empty(), OptionalLong.of(7)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "bytes",
        "bytes 0-9",
        "bytes 9-0/10",
        "bytes 0-10/10",
        "bytes -1-5/10",
        "bytes 0-/10",
        "bytes 0-9/-1",
        "bytes 0-9999999999999999999/*",
        "items 0-9/10",
        "bytes 0-9/10x"
      })
  void parse_anythingElse_isNone(String header) {
    assertThat(ContentRange.parse(header)).isEmpty();
  }
}
