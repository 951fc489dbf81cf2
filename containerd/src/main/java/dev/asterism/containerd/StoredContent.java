package dev.asterism.containerd;

import dev.asterism.containerd.wire.InfoRequest;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import io.grpc.StatusRuntimeException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/// A blob of containerd's content store with a connection of its own. Thread-safe.
public final class StoredContent implements Blob, Closeable {
  private final Connection connection;
  private final ContentBlob blob;

  private StoredContent(Connection connection, ContentBlob blob) {
    this.connection = connection;
    this.blob = blob;
  }

  /// Opens content.
  ///
  /// @throws IOException if containerd does not have it, or does not answer
  public static StoredContent open(ContainerdAddress address, Digest digest) throws IOException {
    Connection connection = Connection.to(address);
    try {
      InfoRequest request = InfoRequest.newBuilder().setDigest(digest.toString()).build();
      long size = connection.content().info(request).getInfo().getSize();
      return new StoredContent(connection, new ContentBlob(connection, digest, size));
    } catch (StatusRuntimeException e) {
      IOException failure = connection.failure("content " + digest, e);
      connection.close();
      throw failure;
    }
  }

  @Override
  public long size() {
    return blob.size();
  }

  @Override
  public InputStream open(ByteRange range) throws IOException {
    return blob.open(range);
  }

  @Override
  public void close() {
    connection.close();
  }
}
