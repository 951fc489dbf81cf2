package dev.asterism.containerd;

import dev.asterism.containerd.wire.GetImageRequest;
import dev.asterism.containerd.wire.Image;
import dev.asterism.containerd.wire.InfoRequest;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.images.Document;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Descriptor;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/// An image of containerd's content store.
final class ContainerdSource implements ImageSource {
  private final Connection connection;
  private final ImageName name;

  /// @param connection closed with this
  ContainerdSource(Connection connection, ImageName name) {
    this.connection = connection;
    this.name = name;
  }

  @Override
  public Document root() throws IOException {
    return find(name.toString())
        .orElseThrow(() -> new IOException("%s has no image %s".formatted(connection, name)));
  }

  @Override
  public Optional<Document> beside(String suffix) throws IOException {
    return name.hasTag() ? find(name + suffix) : Optional.empty();
  }

  private Optional<Document> find(String image) throws IOException {
    Image found;
    try {
      found =
          connection.images().get(GetImageRequest.newBuilder().setName(image).build()).getImage();
    } catch (StatusRuntimeException e) {
      if (Connection.isAbsent(e)) {
        return Optional.empty();
      }
      throw connection.failure("image " + image, e);
    }
    Digest digest =
        Digest.find(found.getTarget().getDigest())
            .orElseThrow(() ->
                new IOException(
                    "%s: image %s is %s, which is no SHA-256 digest"
                        .formatted(connection, image, found.getTarget().getDigest())));
    long size = Math.max(0, found.getTarget().getSize());
    return Optional.of(
        document(new Descriptor(found.getTarget().getMediaType(), digest, size, Map.of())));
  }

  @Override
  public Document document(Descriptor wanted) throws IOException {
    Blob blob = blob(wanted);
    if (blob.size() > Document.MAX_SIZE) {
      throw new IOException(
          "%s: manifest %s has %d bytes".formatted(connection, wanted.digest(), blob.size()));
    }
    return Document.verified(wanted, blob.read(new ByteRange(0, blob.size())));
  }

  @Override
  public Blob blob(Descriptor wanted) throws IOException {
    InfoRequest request = InfoRequest.newBuilder().setDigest(wanted.digest().toString()).build();
    try {
      long size = connection.content().info(request).getInfo().getSize();
      if (size != wanted.size()) {
        throw new IOException(
            "%s: %s has %d bytes, expected %d"
                .formatted(connection, wanted.digest(), size, wanted.size()));
      }
      return new ContentBlob(connection, wanted.digest(), size);
    } catch (StatusRuntimeException e) {
      if (Connection.isAbsent(e)) {
        throw new IOException(
            ("%s does not have the content of %s: it was pulled for another platform, or lazily;"
                    + " give the registry's reference as the source")
                .formatted(connection, wanted.digest()),
            e);
      }
      throw connection.failure(wanted.digest().toString(), e);
    }
  }

  @Override
  public void close() {
    connection.close();
  }
}
