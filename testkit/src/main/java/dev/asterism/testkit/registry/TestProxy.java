package dev.asterism.testkit.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// An HTTP proxy on a free port of 127.0.0.1 to which every name is one and the same server of this
/// machine: CONNECT, and requests with whole addresses. One request a connection for the latter.
/// Thread-safe.
public final class TestProxy implements AutoCloseable {
  private static final int MAX_HEAD = 64 << 10; // 64 KiB

  private final ServerSocket listener;
  private final int port;
  private final String authorization;
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  private TestProxy(ServerSocket listener, int port, String authorization) {
    this.listener = listener;
    this.port = port;
    this.authorization = authorization;
  }

  /// Starts one.
  ///
  /// @param port of the server on 127.0.0.1
  /// @param authorization what `Proxy-Authorization` must be; empty for nothing
  public static TestProxy to(int port, String authorization) throws IOException {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    TestProxy proxy = new TestProxy(listener, port, authorization);
    Thread.ofVirtual().start(proxy::listen);
    return proxy;
  }

  /// Returns its port.
  public int port() {
    return listener.getLocalPort();
  }

  /// Returns the first line of every request.
  public List<String> asked() {
    return List.copyOf(asked);
  }

  private void listen() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        sockets.add(client);
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException _) {
        return; // closed
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket server = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      sockets.add(server);
      String head = head(client.getInputStream());
      String line = head.substring(0, head.indexOf("\r\n"));
      asked.add(line);
      if (!authorization.isEmpty()
          && !head.contains("Proxy-Authorization: " + authorization + "\r\n")) {
        send(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      if (line.startsWith("CONNECT ")) {
        send(client, "HTTP/1.1 200 Connection established\r\n\r\n");
      } else {
        send(
            server,
            head.replaceFirst("http://[^/]+", "")
                .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      }
      Thread back = Thread.ofVirtual().start(() -> copy(server, client));
      copy(client, server);
      back.join();
    } catch (IOException _) {
      // one side has gone
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (head.size() < MAX_HEAD) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.write(next);
      String text = head.toString(StandardCharsets.ISO_8859_1);
      if (next == '\n' && text.endsWith("\r\n\r\n")) {
        return text;
      }
    }
    throw new IOException("a request without end");
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException _) {
      // one side has gone
    }
  }

  /// Ends it and every connection through it.
  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
