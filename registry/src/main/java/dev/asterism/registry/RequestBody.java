package dev.asterism.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;

/// Bytes to send with a request, as often as it is repeated. Immutable.
///
/// @param type media type
/// @param length how many
/// @param source opens them
record RequestBody(String type, long length, Source source) {
  private static final int BUFFER_SIZE = 64 << 10; // 64 KiB

  /// Opens the bytes from the start.
  interface Source {
    InputStream open() throws IOException;
  }

  /// Returns them for one request; `patience` sees them go.
  HttpEntity entity(Patience patience) {
    return new Entity(this, patience);
  }

  /// The bytes themselves are lost, not the connection: sending again is of no use.
  static final class SourceException extends IOException {
    private static final long serialVersionUID = 1;

    private final IOException reason;

    SourceException(IOException reason) {
      super(reason);
      this.reason = reason;
    }

    /// Returns what the source said.
    IOException reason() {
      return reason;
    }
  }

  private static final class Entity extends AbstractHttpEntity {
    private final RequestBody body;
    private final Patience patience;

    Entity(RequestBody body, Patience patience) {
      super(ContentType.parse(body.type()), null);
      this.body = body;
      this.patience = patience;
    }

    @Override
    public long getContentLength() {
      return body.length();
    }

    @Override
    public boolean isRepeatable() {
      return true;
    }

    @Override
    public boolean isStreaming() {
      return false;
    }

    @Override
    public InputStream getContent() throws IOException {
      return body.source().open();
    }

    @Override
    public void writeTo(OutputStream out) throws IOException {
      byte[] buffer = new byte[BUFFER_SIZE];
      try (InputStream in = body.source().open()) {
        for (int n = read(in, buffer); n >= 0; n = read(in, buffer)) {
          out.write(buffer, 0, n);
          patience.arrived(n);
        }
      }
    }

    private static int read(InputStream in, byte[] buffer) throws IOException {
      try {
        return in.read(buffer);
      } catch (IOException e) {
        throw new SourceException(e);
      }
    }

    @Override
    public void close() {}
  }
}
