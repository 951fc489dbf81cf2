package dev.asterism.cli.admin.client;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The scalars of a JSON document by their place, as `budget/maxSize` or `pins/0/image`: enough to
/// read what the admin socket speaks. Immutable.
public final class FlatJson {
  private static final JsonFactory FACTORY = JsonFactory.builder().build();

  private final Map<String, String> values;

  private FlatJson(Map<String, String> values) {
    this.values = values;
  }

  /// Reads a document; an empty text is an empty document.
  ///
  /// @throws IOException if it is no JSON
  public static FlatJson parse(String text) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), text)) {
      for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
        if (token.isScalarValue()) {
          String place = json.streamReadContext().pathAsPointer(false).toString();
          values.put(place.isEmpty() ? "" : place.substring(1), json.getString());
        }
      }
    } catch (JacksonException e) {
      throw new IOException("not JSON: " + e.getOriginalMessage(), e);
    }
    return new FlatJson(values);
  }

  /// Returns the text at a place.
  public Optional<String> text(String place) {
    return Optional.ofNullable(values.get(place));
  }

  /// Returns the number at a place; 0 where there is none.
  public long number(String place) {
    try {
      return Long.parseLong(values.getOrDefault(place, "0"));
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  /// Tells whether `true` stands at a place.
  public boolean flag(String place) {
    return Boolean.parseBoolean(values.getOrDefault(place, "false"));
  }

  /// Returns what stands below a place, each by the rest of its own: the fields of an object.
  public Map<String, String> below(String place) {
    Map<String, String> found = new LinkedHashMap<>();
    values.forEach((name, value) -> {
      if (name.startsWith(place + "/")) {
        found.put(name.substring(place.length() + 1), value);
      }
    });
    return found;
  }
}
