package dev.asterism.cli.cache;

import dev.asterism.cache.report.Amount;
import dev.asterism.cache.report.LayerHold;
import dev.asterism.cache.report.SharedBy;
import dev.asterism.cache.report.StoreSurvey;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.DefaultPrettyPrinter;

/// The content of a store as JSON. All sizes are bytes. Each method writes one value or some fields
/// of the object that is open.
public final class ContentJson {
  private static final JsonFactory FACTORY = JsonFactory.builder().build();

  private ContentJson() {}

  /// What is written into one document.
  @FunctionalInterface
  public interface Body {
    /// Writes a value.
    void write(JsonGenerator json);
  }

  /// Returns a document, indented, with a line break at its end.
  public static String document(Body body) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(pretty(), text)) {
      body.write(json);
    }
    return text + "\n";
  }

  /// Returns a document in one line, without a line break.
  public static String line(Body body) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
      body.write(json);
    }
    return text.toString();
  }

  /// Returns a document that is there, indented, with a line break at its end.
  ///
  /// @throws IOException if it can't be read, or is no JSON
  public static String indented(InputStream document) throws IOException {
    try (JsonParser parser = FACTORY.createParser(ObjectReadContext.empty(), document)) {
      return document(json -> {
        while (parser.nextToken() != null) {
          json.copyCurrentEventExact(parser);
        }
      });
    } catch (JacksonException e) {
      throw new IOException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static ObjectWriteContext pretty() {
    return new ObjectWriteContext.Base() {
      @Override
      public tools.jackson.core.PrettyPrinter getPrettyPrinter() {
        return new DefaultPrettyPrinter();
      }
    };
  }

  /// Writes the fields of what the store holds in all.
  public static void totals(JsonGenerator json, StoreContent content) {
    StoreSurvey survey = content.survey();
    json.writeStringProperty("root", content.root().toString());
    json.writeNumberProperty("imageCount", content.images().size());
    json.writeNumberProperty("layerCount", survey.layers().size());
    amount(json, "content", survey.content());
    amount(json, "objects", survey.objects());
    amount(json, "parts", survey.parts());
    amount(json, "own", survey.own());
    amount(json, "unused", survey.unused());
    json.writeNumberProperty("saved", survey.saved());
    json.writeNumberProperty(
        "linkCount", survey.layers().stream().mapToLong(LayerHold::links).sum());
    json.writeNumberProperty("fresh", survey.fresh());
    json.writeObjectPropertyStart("overhead");
    json.writeNumberProperty("store", survey.overhead());
    json.writeNumberProperty(
        "links", survey.layers().stream().mapToLong(LayerHold::directories).sum());
    json.writeNumberProperty("compiled", content.compiledTotal());
    json.writeEndObject();
  }

  private static void amount(JsonGenerator json, String name, Amount amount) {
    json.writeObjectPropertyStart(name);
    amountFields(json, amount);
    json.writeEndObject();
  }

  private static void amountFields(JsonGenerator json, Amount amount) {
    json.writeNumberProperty("files", amount.files());
    json.writeNumberProperty("size", amount.size());
    json.writeNumberProperty("stored", amount.stored());
  }

  /// Writes the field `images`, and `layersWithoutImage`.
  static void images(JsonGenerator json, Sharing sharing) {
    json.writeArrayPropertyStart("images");
    sharing.holdings().stream()
        .filter(holding -> holding.holder().kind() == Holder.Kind.IMAGE)
        .forEach(holding -> image(json, holding));
    json.writeEndArray();
    json.writeArrayPropertyStart("layersWithoutImage");
    sharing.holdings().stream()
        .filter(holding -> holding.holder().kind() == Holder.Kind.LAYER)
        .forEach(holding -> layer(json, holding, List.of()));
    json.writeEndArray();
  }

  /// Writes the field `layers`.
  static void layers(JsonGenerator json, StoreContent content, List<Holding> layers) {
    json.writeArrayPropertyStart("layers");
    for (Holding layer : layers) {
      layer(json, layer, content.imagesOf(layer.holder().layers().getFirst()));
    }
    json.writeEndArray();
  }

  private static void image(JsonGenerator json, Holding holding) {
    json.writeStartObject();
    json.writeStringProperty("image", holding.holder().name());
    json.writeArrayPropertyStart("layers");
    holding.holder().layers().stream().map(Digest::toString).forEach(json::writeString);
    json.writeEndArray();
    holding(json, holding);
    json.writeEndObject();
  }

  private static void layer(JsonGenerator json, Holding holding, List<String> images) {
    json.writeStartObject();
    json.writeStringProperty("layer", holding.holder().name());
    json.writeArrayPropertyStart("images");
    images.forEach(json::writeString);
    json.writeEndArray();
    holding(json, holding);
    json.writeEndObject();
  }

  private static void holding(JsonGenerator json, Holding holding) {
    amountFields(json, holding.content());
    amount(json, "unique", holding.unique());
    amount(json, "shared", holding.shared());
    json.writeNumberProperty("linked", holding.linked());
    json.writeNumberProperty("overhead", holding.overhead());
    json.writeNumberProperty("frees", holding.frees());
    json.writeArrayPropertyStart("sharedWith");
    for (Holding.Common common : holding.sharedWith()) {
      json.writeStartObject();
      json.writeStringProperty("name", common.name());
      amountFields(json, common.amount());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// Writes the field `groups`: every combination of layers that has content.
  static void groups(JsonGenerator json, StoreSurvey survey) {
    json.writeArrayPropertyStart("groups");
    for (SharedBy group : survey.groups()) {
      json.writeStartObject();
      json.writeArrayPropertyStart("layers");
      for (int layer : group.holders()) {
        json.writeString(survey.layers().get(layer).layer().toString());
      }
      json.writeEndArray();
      amountFields(json, group.amount());
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
