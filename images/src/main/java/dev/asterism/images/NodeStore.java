package dev.asterism.images;

import java.io.IOException;

/// A store of this machine that knows images by name, such as containerd's. Thread-safe.
public interface NodeStore {
  /// Opens an image.
  ///
  /// @throws IOException if nobody answers; that there is no such image may be told later
  ImageSource source(String name) throws IOException;

  /// Begins an image.
  ///
  /// @throws IOException if nobody answers
  ImageSink sink(String name) throws IOException;
}
