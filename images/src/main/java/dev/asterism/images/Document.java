package dev.asterism.images;

import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A manifest or index as it is stored: its bytes are its identity. Immutable; the array is shared
/// and read only.
@SuppressWarnings("ArrayRecordComponent") // compared by digest alone
public record Document(String mediaType, byte[] bytes, Digest digest) {
  /// What every registry has to take (distribution specification, "Pushing Manifests").
  public static final int MAX_SIZE = 4 << 20; // 4 MiB

  /// Returns a document of these bytes.
  public static Document of(String mediaType, byte[] bytes) {
    return new Document(mediaType, bytes, Digest.of(bytes));
  }

  /// Returns a document that was asked for by its digest.
  ///
  /// @throws CorruptContentException if it does not hash to it
  public static Document verified(Descriptor wanted, byte[] bytes) throws IOException {
    Document document = of(wanted.mediaType(), bytes);
    if (!document.digest().equals(wanted.digest())) {
      throw new CorruptContentException("manifest", wanted.digest(), document.digest());
    }
    return document;
  }

  /// Returns its members.
  Json.Obj json() throws IOException {
    return Json.parse("manifest " + digest, bytes);
  }

  /// What a manifest or index names.
  public enum Role {
    /// Of an index: a manifest, or another index.
    MANIFEST,
    /// The image's config.
    CONFIG,
    /// A layer.
    LAYER
  }

  /// Something that a manifest or index names.
  public record Child(Role role, Descriptor descriptor) {}

  /// Returns all that it names, in its order.
  public List<Child> children() throws IOException {
    Json.Obj json = json();
    List<Child> found = new ArrayList<>();
    for (Json.Obj each : json.objects("manifests")) {
      found.add(new Child(Role.MANIFEST, descriptor(each)));
    }
    Optional<Json.Obj> config = json.object("config");
    if (config.isPresent()) {
      found.add(new Child(Role.CONFIG, descriptor(config.get())));
    }
    for (Json.Obj each : json.objects("layers")) {
      found.add(new Child(Role.LAYER, descriptor(each)));
    }
    return found;
  }

  /// Tells whether it is an index: by its type, or where that says nothing by its members.
  boolean isIndex() throws IOException {
    return MediaTypes.isDocument(mediaType)
        ? MediaTypes.isIndex(mediaType)
        : json().members().containsKey("manifests");
  }

  /// Returns what points at it.
  public Descriptor descriptor() {
    return new Descriptor(mediaType, digest, bytes.length, Map.of());
  }

  /// Reads a descriptor out of a document.
  ///
  /// @throws IOException if it lacks a digest or a size
  static Descriptor descriptor(Json.Obj json) throws IOException {
    String digest = json.text("digest").orElse("");
    Optional<Digest> parsed = Digest.find(digest);
    long size = json.number("size").orElse(-1L);
    if (parsed.isEmpty() || size < 0) {
      throw new IOException("a descriptor without a SHA-256 digest or a size");
    }
    return new Descriptor(
        json.text("mediaType").orElse(""), parsed.get(), size, json.strings("annotations"));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Document that && digest.equals(that.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }
}
