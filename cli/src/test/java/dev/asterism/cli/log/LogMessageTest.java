package dev.asterism.cli.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class LogMessageTest {
  @Test
  void parse_wordsAndPairs_areParted() {
    LogMessage message = LogMessage.parse("layer ready layer=sha256:ab entries=12");

    assertThat(message.text()).isEqualTo("layer ready");
    assertThat(message.fields())
        .containsExactly(entry("layer", "sha256:ab"), entry("entries", "12"));
  }

  @Test
  void parse_quotedValue_isUnquoted() {
    assertThat(LogMessage.parse("x error=\"a \\\"b\\\" c=d\" n=1").fields())
        .containsExactly(entry("error", "a \"b\" c=d"), entry("n", "1"));
  }

  @Test
  void parse_unquotedValueWithSpaces_reachesToTheNextPair() {
    assertThat(LogMessage.parse("x error=connection refused, again n=1").fields())
        .containsExactly(entry("error", "connection refused, again"), entry("n", "1"));
  }

  @Test
  void parse_wordsAlone_haveNoFields() {
    LogMessage message = LogMessage.parse("a sentence: 1 + 1 = 2");

    assertThat(message.text()).isEqualTo("a sentence: 1 + 1 = 2");
    assertThat(message.fields()).isEmpty();
  }
}
