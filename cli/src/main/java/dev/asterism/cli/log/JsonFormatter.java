package dev.asterism.cli.log;

import java.io.StringWriter;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Set;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// Lines for machines: one object each, with the names that containerd's logrus uses.
final class JsonFormatter extends Formatter {
  private static final JsonFactory JSON = new JsonFactory();
  private static final Set<String> TAKEN = Set.of("level", "time", "msg", "stack");

  @Override
  public String format(LogRecord line) {
    LogMessage message = LogMessage.parse(formatMessage(line));
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
      json.writeStartObject();
      json.writeStringProperty("level", LogLevel.nameOf(line.getLevel()));
      json.writeStringProperty(
          "time",
          DateTimeFormatter.ISO_INSTANT.format(line.getInstant().truncatedTo(ChronoUnit.MICROS)));
      json.writeStringProperty("msg", Redaction.of(message.text()));
      for (Map.Entry<String, String> field : message.fields().entrySet()) {
        String name = TAKEN.contains(field.getKey()) ? "field_" + field.getKey() : field.getKey();
        json.writeStringProperty(name, Redaction.of(field.getValue()));
      }
      Failure.of(line).ifPresent(failure -> write(json, failure, message));
      json.writeEndObject();
    }
    return text.append('\n').toString();
  }

  private static void write(JsonGenerator json, Failure failure, LogMessage message) {
    if (!message.fields().containsKey("error")) {
      json.writeStringProperty("error", Redaction.of(failure.summary()));
    }
    if (failure.isBug()) {
      json.writeStringProperty("stack", Redaction.of(failure.stack()));
    }
  }
}
