package dev.asterism.fuse;

import java.io.IOException;
import java.nio.file.Path;

/// A mounted file system and the threads that serve it.
public final class FuseSession implements AutoCloseable {
  private final Path mountpoint;
  private final Negotiated negotiated;

  private FuseSession(Path mountpoint, Negotiated negotiated) {
    this.mountpoint = mountpoint;
    this.negotiated = negotiated;
  }

  /// Mounts `fs` on a directory and serves it until [#close] or until somebody unmounts it.
  ///
  /// @param subtype what `/proc/mounts` shows: the type is `fuse.<subtype>`
  /// @throws IOException if it cannot be mounted; nothing is left behind
  public static FuseSession mount(Path mountpoint, String subtype, FileSystem fs, Options options)
      throws IOException {
    return new FuseSession(mountpoint, new Negotiated(0, 0, options.maxRead()));
  }

  /// Returns what kernel and session agreed on.
  public Negotiated negotiated() {
    return negotiated;
  }

  /// Returns where it is mounted.
  public Path mountpoint() {
    return mountpoint;
  }

  /// Ends the connection at once: every request, waiting or to come, fails with `ENOTCONN`. The
  /// mount stays until it is closed.
  public void abort() throws IOException {}

  /// Unmounts, and waits for the session's threads. Who still has files open in it gets `ENOTCONN`.
  @Override
  public void close() throws IOException {}

  /// How a session works. Immutable.
  ///
  /// @param readers threads that take requests from the kernel; 1 to 64
  /// @param maxRead bytes of the largest READ, a power of two from 4 KiB to 1 MiB
  /// @param readAhead bytes that the kernel reads ahead of a sequential reader
  /// @param handlers requests that are handled at a time; what comes beyond waits
  public record Options(int readers, int maxRead, int readAhead, int handlers) {
    /// Checks the ranges.
    public Options {
      if (readers < 1 || readers > 64) {
        throw new IllegalArgumentException("readers: " + readers);
      }
      if (maxRead < 4096 || maxRead > 1 << 20 || Integer.bitCount(maxRead) != 1) {
        throw new IllegalArgumentException("maxRead: " + maxRead);
      }
      if (readAhead < 0 || handlers < 1) {
        throw new IllegalArgumentException("readAhead: " + readAhead + " handlers: " + handlers);
      }
    }

    /// Returns what suits most machines.
    public static Options defaults() {
      int readers = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 4);
      return new Options(readers, 1 << 20, 1 << 20, 16_384);
    }
  }
}
