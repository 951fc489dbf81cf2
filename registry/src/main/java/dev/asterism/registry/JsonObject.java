package dev.asterism.registry;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// The plain members of a flat JSON object: what a token service answers. Immutable.
///
/// @param strings members that are strings
/// @param numbers members that are whole numbers
record JsonObject(Map<String, String> strings, Map<String, Long> numbers) {
  /// Refuses documents in which a name stands twice: two readers could see two meanings.
  static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  JsonObject {
    strings = Map.copyOf(strings);
    numbers = Map.copyOf(numbers);
  }

  /// Reads one object; members that are neither string nor whole number are left out.
  ///
  /// @throws RegistryException if it is none; the message quotes nothing of it
  static JsonObject parse(String what, byte[] bytes) throws RegistryException {
    Map<String, String> strings = new HashMap<>();
    Map<String, Long> numbers = new HashMap<>();
    try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), bytes)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw RegistryException.unusable(what, "the answer is no JSON object");
      }
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (value == JsonToken.VALUE_STRING) {
          strings.put(name, parser.getString());
        } else if (value == JsonToken.VALUE_NUMBER_INT) {
          numbers.put(name, parser.getLongValue());
        } else {
          parser.skipChildren();
        }
      }
    } catch (JacksonException _) {
      throw RegistryException.unusable(what, "the answer is not JSON");
    }
    return new JsonObject(strings, numbers);
  }

  Optional<String> string(String name) {
    return Optional.ofNullable(strings.get(name));
  }

  Optional<Long> number(String name) {
    return Optional.ofNullable(numbers.get(name));
  }
}
