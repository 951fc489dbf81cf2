package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// What an image needs to know of a layer after conversion. Immutable.
///
/// @param annotations to be set on its descriptor
/// @param toc the blob with its TOC, if that is beside it
record ConvertedLayer(
    String mediaType,
    Digest digest,
    long size,
    Digest diffId,
    Map<String, String> annotations,
    Optional<Descriptor> toc) {
  ConvertedLayer {
    annotations = Map.copyOf(annotations);
  }

  /// Returns what was written.
  static ConvertedLayer of(String mediaType, EstargzLayer written) {
    return new ConvertedLayer(
        mediaType,
        written.digest(),
        written.size(),
        written.diffId(),
        written.annotations(),
        written.externalToc().map(toc -> tocBlob(toc.digest(), toc.content().size())));
  }

  private static Descriptor tocBlob(Digest digest, long size) {
    return new Descriptor(MediaTypes.OCI_LAYER + "+gzip", digest, size, Map.of());
  }

  /// Returns a layer that stays what it is.
  static ConvertedLayer unchanged(Descriptor layer, Digest diffId) {
    return new ConvertedLayer(
        layer.mediaType(),
        layer.digest(),
        layer.size(),
        diffId,
        layer.annotations(),
        Optional.empty());
  }

  /// Returns what points at it.
  Descriptor descriptor() {
    return new Descriptor(mediaType, digest, size, annotations);
  }

  /// Returns it as JSON, which [#parse] reads.
  Json.Obj json() {
    Json.Obj all = Json.Obj.empty();
    for (Map.Entry<String, String> each : new TreeMap<>(annotations).entrySet()) {
      all = all.with(each.getKey(), each.getValue());
    }
    Json.Obj json = base(all);
    return toc.isEmpty()
        ? json
        : json.with("toc", toc.get().digest().toString())
            .with("tocSize", new Json.Num(Long.toString(toc.get().size())));
  }

  private Json.Obj base(Json.Obj all) {
    return Json.Obj.empty()
        .with("mediaType", mediaType)
        .with("digest", digest.toString())
        .with("size", new Json.Num(Long.toString(size)))
        .with("diffId", diffId.toString())
        .with("annotations", all);
  }

  /// Reads one; empty if it is none.
  static Optional<ConvertedLayer> parse(byte[] bytes) {
    try {
      Json.Obj json = Json.parse("conversion", bytes);
      Descriptor descriptor = Document.descriptor(json);
      Optional<Descriptor> toc =
          json.text("toc")
              .flatMap(Digest::find)
              .map(digest -> tocBlob(digest, json.number("tocSize").orElse(-1L)));
      return json.text("diffId")
          .flatMap(Digest::find)
          .map(diffId ->
              new ConvertedLayer(
                  descriptor.mediaType(),
                  descriptor.digest(),
                  descriptor.size(),
                  diffId,
                  descriptor.annotations(),
                  toc));
    } catch (IOException _) {
      return Optional.empty(); // torn or foreign: the layer is converted again
    }
  }
}
