package dev.asterism.images;

import dev.asterism.estargz.LayerStream;
import java.io.IOException;
import java.io.InputStream;

/// How a compressed layer becomes its tar. Thread-safe.
@FunctionalInterface
public interface Inflation {
  /// In this process.
  Inflation HERE = LayerStream::plain;

  /// Returns the plain bytes of a layer, which may be plain already.
  ///
  /// @param layer not closed by the stream that is returned; nobody else reads it until that one
  ///   has ended or is closed
  /// @return a stream that ends with an `IOException` where compressed data is damaged or cut off;
  ///   to be closed by the thread that reads it
  InputStream plain(InputStream layer) throws IOException;
}
