package dev.asterism.testkit.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// A folder in which anything may be mounted, and which goes with all of it.
///
/// This process only reads `/proc/self/mountinfo`; what is mounted is touched by child processes.
public final class ScratchFolder implements AutoCloseable {
  private final Path path;

  private ScratchFolder(Path path) {
    this.path = path;
  }

  /// Creates a folder with a new name in the system's temporary folder.
  public static ScratchFolder create(String prefix) throws IOException {
    return new ScratchFolder(Files.createTempDirectory(prefix).toRealPath());
  }

  /// Returns its absolute path.
  public Path path() {
    return path;
  }

  /// Unmounts everything below it and removes it.
  ///
  /// @throws IOException if something below it stays mounted; nothing on it is removed then
  @Override
  public void close() throws IOException {
    try {
      unmountBelow(path);
      Command.of("rm", "-rf", "--one-file-system", path.toString()).runOrThrow();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while removing " + path, e);
    }
  }

  /// Unmounts what is mounted at `folder` and below it, last mounted first; a busy mount goes when
  /// it is free.
  ///
  /// @throws IOException if something stays mounted
  public static void unmountBelow(Path folder) throws IOException, InterruptedException {
    for (String mountpoint : mountsBelow(folder)) {
      // Looks at nothing on the mount: a FUSE mount may wait for a server that will not come.
      Command.of("umount", "--no-canonicalize", "--lazy", mountpoint).run();
    }
    List<String> left = mountsBelow(folder);
    if (!left.isEmpty()) {
      throw new IOException("still mounted: " + left);
    }
  }

  /// Lists the mountpoints at and below `folder`, last mounted first.
  public static List<String> mountsBelow(Path folder) throws IOException {
    List<String> found = new ArrayList<>();
    for (String line :
        Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)) {
      // "36 35 98:0 /root /mountpoint options …", see proc(5); the fifth word is the mountpoint
      String mountpoint = line.split(" ", 6)[4];
      if (Path.of(mountpoint).startsWith(folder)) {
        found.add(mountpoint);
      }
    }
    Collections.reverse(found);
    return found;
  }
}
