package dev.asterism.cli.cache;

/// Everything that is known of a store's content, as one JSON document.
public final class ExportJson {
  private static final int VERSION = 1;

  private ExportJson() {}

  /// Returns the document.
  public static String text(StoreContent content) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      json.writeNumberProperty("version", VERSION);
      ContentJson.totals(json, content);
      ContentJson.images(json, content.byImage());
      ContentJson.layers(json, content, content.byLayer().holdings());
      ContentJson.groups(json, content.survey());
      json.writeEndObject();
    });
  }
}
