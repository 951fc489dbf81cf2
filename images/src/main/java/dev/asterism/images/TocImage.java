package dev.asterism.images;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The image that holds the TOCs of another one's layers: a layer each, annotated with the digest
/// of the layer that it is the TOC of, for all platforms together. Its tag is the other's with a
/// suffix (stargz snapshotter, "External TOC"). Stateless.
final class TocImage {
  private static final String SUFFIX = EstargzLayer.ExternalToc.TAG_SUFFIX;

  /// No platform, no diff IDs: nobody runs it.
  private static final byte[] CONFIG = "{}".getBytes(US_ASCII);

  private TocImage() {}

  /// Returns the image beside another one, if it is there.
  static Optional<Document> of(ImageSource source) throws IOException {
    return source.beside(SUFFIX);
  }

  /// Finds the TOCs beside an image.
  ///
  /// @return their blobs, by the layer they are the TOC of; empty if no image is beside it
  static Map<Digest, Descriptor> tocs(ImageSource source) throws IOException {
    Map<Digest, Descriptor> found = new HashMap<>();
    Optional<Document> image = of(source);
    if (image.isPresent()) {
      for (Json.Obj layer : image.get().json().objects("layers")) {
        Descriptor toc = Document.descriptor(layer);
        Optional.ofNullable(toc.annotations().get(Annotations.LAYER_DIGEST))
            .flatMap(Digest::find)
            .ifPresent(of -> found.put(of, toc));
      }
    }
    return found;
  }

  /// Puts the image beside the one that the sink is about to name.
  ///
  /// @param tocs blobs that the sink has, by the layer they are the TOC of
  static void put(Map<Digest, Descriptor> tocs, ImageSource source, ImageSink sink)
      throws IOException {
    Descriptor config =
        new Descriptor(MediaTypes.OCI_CONFIG, Digest.of(CONFIG), CONFIG.length, Map.of());
    if (!sink.has(config, source)) {
      sink.put(config, new BytesBlob(CONFIG), _ -> {});
    }
    List<Json> layers =
        tocs.entrySet().stream()
            .sorted(
                Comparator.comparing(
                        (Map.Entry<Digest, Descriptor> e) -> e.getValue().digest().toString())
                    .thenComparing(e -> e.getKey().toString()))
            .<Json>map(e -> layer(e.getKey(), e.getValue()))
            .toList();
    Json.Obj manifest =
        Json.Obj.empty()
            .with("schemaVersion", new Json.Num("2"))
            .with("mediaType", MediaTypes.OCI_MANIFEST)
            .with("config", descriptor(config))
            .with("layers", new Json.Arr(layers));
    place(Document.of(MediaTypes.OCI_MANIFEST, manifest.bytes()), sink);
  }

  /// Gives a document, whose content the sink has, the name beside the image's.
  static void place(Document image, ImageSink sink) throws IOException {
    sink.nameBeside(image, SUFFIX);
  }

  private static Json layer(Digest of, Descriptor toc) {
    return descriptor(toc)
        .with("annotations", Json.Obj.empty().with(Annotations.LAYER_DIGEST, of.toString()));
  }

  private static Json.Obj descriptor(Descriptor blob) {
    return Json.Obj.empty()
        .with("mediaType", blob.mediaType())
        .with("digest", blob.digest().toString())
        .with("size", new Json.Num(Long.toString(blob.size())));
  }
}
