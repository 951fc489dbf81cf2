package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EntryPathTest {
  @ParameterizedTest
  @CsvSource({
    "a/b, a/b",
    "./a//b/, a/b",
    "/a/./b, a/b",
    "a/../b, b",
    "../../a, a",
    "a/b/../../.., /",
    "., /",
    "'', /",
    "..a/.b./..., ..a/.b./...",
  })
  void of_path_isCleanedLexically(String given, String clean) {
    assertThat(EntryPath.of(given)).hasToString(clean);
  }

  @ParameterizedTest
  @CsvSource({"ü, 2", "漢, 3"})
  void of_text_isUtf8(String text, int length) {
    assertThat(EntryPath.of(text).toBytes()).hasSize(length);
  }

  @Test
  void of_surrogateWithoutPartner_becomesReplacementCharacter() {
    assertThat(EntryPath.of("a\uD800b")).isEqualTo(EntryPath.of("a\uFFFDb"));
    assertThat(EntryPath.of("\uD83D\uDE00").toBytes()).hasSize(4);
  }
}
