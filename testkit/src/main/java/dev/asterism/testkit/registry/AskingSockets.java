package dev.asterism.testkit.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocket;

/// Sockets that want to see a client's certificate. Thread-safe.
final class AskingSockets extends ServerSocketFactory {
  private final ServerSocketFactory sockets;

  /// @param sockets speak TLS
  AskingSockets(ServerSocketFactory sockets) {
    this.sockets = sockets;
  }

  private static ServerSocket asking(ServerSocket socket) {
    ((SSLServerSocket) socket).setNeedClientAuth(true);
    return socket;
  }

  @Override
  public ServerSocket createServerSocket() throws IOException {
    return asking(sockets.createServerSocket());
  }

  @Override
  public ServerSocket createServerSocket(int port) throws IOException {
    return asking(sockets.createServerSocket(port));
  }

  @Override
  public ServerSocket createServerSocket(int port, int backlog) throws IOException {
    return asking(sockets.createServerSocket(port, backlog));
  }

  @Override
  public ServerSocket createServerSocket(int port, int backlog, InetAddress address)
      throws IOException {
    return asking(sockets.createServerSocket(port, backlog, address));
  }
}
