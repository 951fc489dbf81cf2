package dev.asterism.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Instant;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class FormatterTest {
  private static LogRecord line(Level level, String message) {
    LogRecord line = new LogRecord(level, message);
    line.setInstant(Instant.parse("2026-01-02T03:04:05.678901234Z"));
    return line;
  }

  @Test
  void json_fields_haveLogrusNames() {
    assertThat(new JsonFormatter().format(line(Level.WARNING, "slow \"disk\" layer=sha256:ab")))
        .isEqualTo(
            """
            {"level":"warning","time":"2026-01-02T03:04:05.678901Z","msg":"slow \\"disk\\"","layer":"sha256:ab"}
            """);
  }

  @Test
  void json_failingEnvironment_isOneLine() {
    LogRecord line = line(Level.SEVERE, "fetch failed");
    line.setThrown(new IOException("GET x: timed out", new IOException("reset")));

    assertThat(new JsonFormatter().format(line))
        .contains("\"error\":\"GET x: timed out: reset\"")
        .doesNotContain("stack");
  }

  @Test
  void json_bug_hasItsStack() {
    LogRecord line = line(Level.SEVERE, "handler failed");
    line.setThrown(new IllegalStateException("closed"));

    assertThat(new JsonFormatter().format(line)).contains("\"stack\":\"java.lang.Illegal");
  }

  @Test
  void text_line_isReadable() {
    assertThat(new TextFormatter().format(line(Level.INFO, "ready address=/run/a.sock")))
        .isEqualTo("2026-01-02T03:04:05.678Z info    ready address=/run/a.sock\n");
  }

  @Test
  void format_secrets_areTakenOut() {
    String message =
        "GET https://user:pw@r.example/v2/?X-Amz-Signature=abc with Bearer eyJhbGciOi.J9 done";

    assertThat(new TextFormatter().format(line(Level.INFO, message)))
        .doesNotContain("pw", "abc", "eyJ")
        .contains("https://[redacted]@r.example/v2/?[redacted] with Bearer [redacted] done");
  }
}
