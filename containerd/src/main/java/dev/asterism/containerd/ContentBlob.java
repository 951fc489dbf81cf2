package dev.asterism.containerd;

import dev.asterism.containerd.wire.ReadContentRequest;
import dev.asterism.containerd.wire.ReadContentResponse;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Iterator;

/// A blob of containerd's content store. Thread-safe.
///
/// @param connection stays the caller's
/// @param size bytes, as the store says
record ContentBlob(Connection connection, Digest digest, long size) implements Blob {
  @Override
  public InputStream open(ByteRange range) {
    if (range.end() > size) {
      throw new IllegalArgumentException("%s reaches beyond %d bytes".formatted(range, size));
    }
    return range.length() == 0 ? InputStream.nullInputStream() : new Part(range);
  }

  private String what() {
    return "reading " + digest;
  }

  /// The messages of one call. Confined to one thread.
  private final class Part extends InputStream {
    private final Context.CancellableContext context = Context.current().withCancellation();
    private final Iterator<ReadContentResponse> messages;
    private long rest;
    private ByteBuffer message = ByteBuffer.allocate(0);

    private Part(ByteRange range) {
      rest = range.length();
      ReadContentRequest request =
          ReadContentRequest.newBuilder()
              .setDigest(digest.toString())
              .setOffset(range.start())
              .setSize(range.length())
              .build();
      Context before = context.attach();
      try {
        messages = connection.content().read(request);
      } finally {
        context.detach(before);
      }
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (rest == 0 || length == 0) {
        return length == 0 ? 0 : -1;
      }
      while (!message.hasRemaining()) {
        message = next();
      }
      int n = (int) Math.min(Math.min(length, rest), message.remaining());
      message.get(target, offset, n);
      rest -= n;
      return n;
    }

    private ByteBuffer next() throws IOException {
      try {
        if (!messages.hasNext()) {
          throw new EOFException("%s: %d bytes are missing".formatted(what(), rest));
        }
        return messages.next().getData().asReadOnlyByteBuffer();
      } catch (StatusRuntimeException e) {
        throw connection.failure(what(), e);
      }
    }

    @Override
    public void close() {
      context.cancel(null);
    }
  }
}
