package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// An image of an OCI layout, a folder or an archive (OCI image spec, "Image Layout").
final class LayoutSource implements ImageSource {
  static final String NAME = "org.opencontainers.image.ref.name";

  private final ImageFiles files;
  private final Optional<String> tag;

  /// @param files closed with this
  /// @param tag which image; without one there must be only one
  LayoutSource(ImageFiles files, Optional<String> tag) {
    this.files = files;
    this.tag = tag;
  }

  @Override
  public Document root() throws IOException {
    List<Json.Obj> all = all();
    List<Json.Obj> wanted =
        all.stream().filter(each -> tag.isEmpty() || names(each).equals(tag)).toList();
    if (wanted.size() != 1) {
      List<String> tags = all.stream().flatMap(each -> names(each).stream()).toList();
      throw new IOException(
          "%s has %d images%s; its tags: %s"
              .formatted(files, wanted.size(), tag.map(t -> " of tag " + t).orElse(""), tags));
    }
    return document(Document.descriptor(wanted.getFirst()));
  }

  @Override
  public Optional<Document> beside(String suffix) throws IOException {
    Optional<String> name = tag.map(t -> t + suffix);
    for (Json.Obj each : all()) {
      if (name.isPresent() && names(each).equals(name)) {
        return Optional.of(document(Document.descriptor(each)));
      }
    }
    return Optional.empty();
  }

  private List<Json.Obj> all() throws IOException {
    return Json.parse(files + ": index.json", files.read("index.json")).objects("manifests");
  }

  private static Optional<String> names(Json.Obj descriptor) {
    return Optional.ofNullable(descriptor.strings("annotations").get(NAME));
  }

  @Override
  public Document document(Descriptor wanted) throws IOException {
    Blob blob = blob(wanted);
    if (blob.size() > Document.MAX_SIZE) {
      throw new IOException("%s: manifest of %d bytes".formatted(files, blob.size()));
    }
    return Document.verified(wanted, blob.read(new ByteRange(0, blob.size())));
  }

  @Override
  public Blob blob(Descriptor wanted) throws IOException {
    String path = "blobs/sha256/" + wanted.digest().hex();
    Blob blob =
        files
            .find(path)
            .orElseThrow(() -> new IOException("%s: no blob %s".formatted(files, wanted.digest())));
    if (blob.size() != wanted.size()) {
      throw new IOException(
          "%s: blob %s has %d bytes, expected %d"
              .formatted(files, wanted.digest(), blob.size(), wanted.size()));
    }
    return blob;
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
