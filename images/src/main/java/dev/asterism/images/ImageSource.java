package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;

/// Where an image comes from. Thread-safe; closing it ends what it opened.
public interface ImageSource extends Closeable {
  /// Returns the manifest or index that the image's name stands for.
  Document root() throws IOException;

  /// Returns a manifest or index by its digest, verified.
  Document document(Descriptor wanted) throws IOException;

  /// Returns a blob. Nothing is verified.
  Blob blob(Descriptor wanted) throws IOException;

  /// Returns the manifest or index whose name is this one's tag with a suffix; empty if there is
  /// none, or the image was not named by a tag.
  default Optional<Document> beside(String suffix) throws IOException {
    return Optional.empty();
  }

  /// Returns the registry and repository that it is, as `host/repository`; empty for anything else.
  default Optional<String> repository() {
    return Optional.empty();
  }
}
