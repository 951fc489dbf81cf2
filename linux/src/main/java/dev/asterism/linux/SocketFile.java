package dev.asterism.linux;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// The place of a unix socket in the file system: free before somebody binds it, for root alone
/// after. Thread-safe.
public final class SocketFile {
  private static final int S_IFMT = 0170000; // inode(7)
  private static final int S_IFSOCK = 0140000;

  private SocketFile() {}

  /// Makes the directory (0700) if it is not there, and takes away a socket on which nobody
  /// answers.
  ///
  /// @throws IOException if somebody does, or something else stands there
  public static void makeRoom(Path socket) throws IOException {
    Path directory = socket.getParent();
    if (directory != null && Files.notExists(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!isSocket(socket)) {
      throw new IOException("%s is there and is no socket".formatted(socket));
    }
    if (answers(socket)) {
      throw new IOException("another process answers on %s".formatted(socket));
    }
    Files.delete(socket);
  }

  /// Lets nobody but the owner connect.
  public static void restrict(Path socket) throws IOException {
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
  }

  private static boolean answers(Path socket) throws IOException {
    try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return probe.isConnected();
    } catch (ConnectException _) {
      return false;
    }
  }

  private static boolean isSocket(Path path) throws IOException {
    int type = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & S_IFMT;
    return type == S_IFSOCK;
  }
}
