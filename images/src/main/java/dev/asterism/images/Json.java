package dev.asterism.images;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/// A JSON document as a tree, for those of which most must come out as it went in. Immutable.
sealed interface Json {
  /// What stands in a manifest or config at most; deeper is an attack.
  int MAX_DEPTH = 64;

  /// Members in their order.
  record Obj(SequencedMap<String, Json> members) implements Json {
    public Obj {
      members = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(members));
    }

    /// Returns an empty object.
    static Obj empty() {
      return new Obj(new LinkedHashMap<>());
    }

    /// Returns this with one member changed in its place, or added.
    Obj with(String name, Json value) {
      SequencedMap<String, Json> changed = new LinkedHashMap<>(members);
      changed.put(name, value);
      return new Obj(changed);
    }

    /// Returns this with one member changed or added.
    Obj with(String name, String value) {
      return with(name, new Str(value));
    }

    /// Returns this without a member.
    Obj without(String name) {
      SequencedMap<String, Json> changed = new LinkedHashMap<>(members);
      changed.remove(name);
      return new Obj(changed);
    }

    /// Returns a member that is a text; empty for any other or none.
    Optional<String> text(String name) {
      return members.get(name) instanceof Str(String value) ? Optional.of(value) : Optional.empty();
    }

    /// Returns a member that is a whole number.
    Optional<Long> number(String name) {
      if (!(members.get(name) instanceof Num(String digits)) || !digits.matches("-?[0-9]{1,18}")) {
        return Optional.empty();
      }
      return Optional.of(Long.parseLong(digits));
    }

    /// Returns a member that is an object.
    Optional<Obj> object(String name) {
      return members.get(name) instanceof Obj object ? Optional.of(object) : Optional.empty();
    }

    /// Returns the elements of a member that is a list; empty if it is none.
    List<Json> list(String name) {
      return members.get(name) instanceof Arr(List<Json> elements) ? elements : List.of();
    }

    /// Returns the elements of a list that are objects.
    List<Obj> objects(String name) {
      return list(name).stream().filter(Obj.class::isInstance).map(Obj.class::cast).toList();
    }

    /// Returns the elements of a list that are texts.
    List<String> texts(String name) {
      return list(name).stream()
          .flatMap(each -> each instanceof Str(String value) ? Stream.of(value) : Stream.empty())
          .toList();
    }

    /// Returns the members of an object that are texts.
    Map<String, String> strings(String name) {
      Map<String, String> found = new LinkedHashMap<>();
      object(name)
          .ifPresent(object ->
              object
                  .members()
                  .forEach((key, value) -> {
                    if (value instanceof Str(String text)) {
                      found.put(key, text);
                    }
                  }));
      return found;
    }
  }

  /// A list.
  record Arr(List<Json> elements) implements Json {
    public Arr {
      elements = List.copyOf(elements);
    }
  }

  /// A text.
  record Str(String value) implements Json {}

  /// A number, as it is written.
  record Num(String digits) implements Json {}

  /// True or false.
  record Bool(boolean value) implements Json {}

  /// Null.
  record Null() implements Json {}

  /// Refuses documents in which a name stands twice: two readers could see two meanings.
  JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /// Reads an object.
  ///
  /// @param what it is, for the message
  /// @throws IOException if it is none
  static Obj parse(String what, byte[] bytes) throws IOException {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
      if (parser.nextToken() == JsonToken.START_OBJECT
          && read(parser, 0) instanceof Obj object
          && parser.nextToken() == null) {
        return object;
      }
      throw new IOException(what + " is no JSON object");
    } catch (JacksonException e) {
      throw new IOException("%s is not JSON: %s".formatted(what, e.getOriginalMessage()), e);
    }
  }

  private static Json read(JsonParser parser, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("JSON of more than %d levels".formatted(MAX_DEPTH));
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        SequencedMap<String, Json> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, read(parser, depth + 1));
        }
        yield new Obj(members);
      }
      case START_ARRAY -> {
        List<Json> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(read(parser, depth + 1));
        }
        yield new Arr(elements);
      }
      case VALUE_STRING -> new Str(parser.getString());
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new Num(parser.getString());
      case VALUE_TRUE, VALUE_FALSE -> new Bool(parser.getBooleanValue());
      case VALUE_NULL -> new Null();
      case NOT_AVAILABLE, END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT ->
          throw new IOException("not a JSON value");
    };
  }

  /// Returns its bytes, without any white space.
  default byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
      write(json, this);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator json, Json value) {
    switch (value) {
      case Obj(SequencedMap<String, Json> members) -> {
        json.writeStartObject();
        members.forEach((name, member) -> {
          json.writeName(name);
          write(json, member);
        });
        json.writeEndObject();
      }
      case Arr(List<Json> elements) -> {
        json.writeStartArray();
        elements.forEach(element -> write(json, element));
        json.writeEndArray();
      }
      case Str(String text) -> json.writeString(text);
      case Num(String digits) -> json.writeNumber(digits);
      case Bool(boolean bool) -> json.writeBoolean(bool);
      case Null _ -> json.writeNull();
    }
  }
}
