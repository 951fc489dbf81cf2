package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RepositoryWriter;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongConsumer;

/// An image of a registry, being pushed.
record RegistrySink(RepositoryWriter writer, ImageReference reference) implements ImageSink {
  @Override
  public boolean has(Descriptor blob, ImageSource source) throws IOException {
    if (writer.hasBlob(blob.digest())) {
      return true;
    }
    Optional<String> from = source.repository();
    return from.isPresent() && mount(blob, from.get());
  }

  @Override
  public boolean mount(Descriptor blob, String repository) throws IOException {
    String host = reference.host() + "/";
    return repository.startsWith(host)
        && !repository.equals(reference.name())
        && writer.mount(blob.digest(), repository.substring(host.length()));
  }

  @Override
  public Optional<String> repository() {
    return Optional.of(reference.name());
  }

  @Override
  public void put(Descriptor blob, Blob content, LongConsumer progress) throws IOException {
    writer.push(blob.digest(), content, progress);
  }

  @Override
  public void put(Document document) throws IOException {
    writer.putManifest(document.digest().toString(), document.mediaType(), document.bytes());
  }

  @Override
  public boolean hasTag() {
    return reference.tag().isPresent();
  }

  @Override
  public void nameBeside(Document root, String suffix) throws IOException {
    String tag = reference.tag().orElseThrow(() -> new IllegalStateException("no tag"));
    writer.putManifest(tag + suffix, root.mediaType(), root.bytes());
  }

  @Override
  public void name(Document root) throws IOException {
    String name = reference.tag().orElseGet(() -> root.digest().toString());
    writer.putManifest(name, root.mediaType(), root.bytes());
  }

  @Override
  public void close() {}
}
