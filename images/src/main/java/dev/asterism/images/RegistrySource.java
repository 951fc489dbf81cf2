package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.ManifestDocument;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/// An image of a registry.
///
/// @param client stays the caller's
record RegistrySource(RegistryClient client, ImageReference reference) implements ImageSource {
  @Override
  public Document root() throws IOException {
    ManifestDocument found = client.document(reference);
    String declared = Json.parse(reference.toString(), found.bytes()).text("mediaType").orElse("");
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
