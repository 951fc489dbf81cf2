package dev.asterism.cache.index;

import java.io.IOException;
import java.nio.channels.FileChannel;

/// The system calls that a links file is written with: a port, so that tests can let them fail.
/// Those that return an `int` return an errno, 0 for success. Thread-safe.
public interface LinksDisk {
  /// Creates an empty file, open for reading and writing.
  FileChannel createOpen(String path) throws IOException;

  /// rename(2): over whatever stands at `to`.
  int rename(String from, String to);

  /// unlink(2).
  int unlink(String path);
}
