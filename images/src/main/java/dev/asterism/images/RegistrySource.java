package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.ManifestDocument;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RegistryException;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// An image of a registry.
///
/// @param client stays the caller's
record RegistrySource(RegistryClient client, ImageReference reference) implements ImageSource {
  private static final int NOT_FOUND = 404;

  @Override
  public Document root() throws IOException {
    return document(reference);
  }

  @Override
  public Optional<Document> beside(String suffix) throws IOException {
    if (reference.tag().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(document(reference.withTag(reference.tag().get() + suffix)));
    } catch (RegistryException e) {
      if (e.status().orElse(0) == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private Document document(ImageReference name) throws IOException {
    ManifestDocument found = client.document(name);
    String declared = Json.parse(name.toString(), found.bytes()).text("mediaType").orElse("");
    String type = MediaTypes.isDocument(found.mediaType()) ? found.mediaType() : declared;
    return new Document(type, found.bytes(), found.digest());
  }

  @Override
  public Document document(Descriptor wanted) throws IOException {
    return Document.verified(wanted, client.document(reference.at(wanted.digest())).bytes());
  }

  @Override
  public Blob blob(Descriptor wanted) throws IOException {
    return client.blob(reference, wanted.digest(), OptionalLong.of(wanted.size()));
  }

  @Override
  public Optional<String> repository() {
    return Optional.of(reference.name());
  }

  @Override
  public void close() {}
}
