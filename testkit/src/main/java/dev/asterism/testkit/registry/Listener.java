package dev.asterism.testkit.registry;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ServerSocketFactory;

/// Accepts connections on a loopback port and serves each on a virtual thread of its own.
///
/// Thread-safe. Lifetime: until [#refuse].
final class Listener {
  private final Service service;
  private final Traffic traffic;
  private final Gate gate;
  private final ServerSocketFactory sockets;
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final int port;
  private volatile ServerSocket server;
  private Thread acceptor;

  /// Decides what a request is answered with.
  interface Service {
    /// Makes the answer; says with [Traffic#begin] that it begins.
    Plan answer(HttpRequest request);
  }

  /// @param sockets makes sockets that are not bound yet
  Listener(Service service, Traffic traffic, Gate gate, ServerSocketFactory sockets) {
    this.sockets = sockets;
    this.service = service;
    this.traffic = traffic;
    this.gate = gate;
    try {
      server = bind(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    port = server.getLocalPort();
    acceptor = startAccepting(server);
  }

  int port() {
    return port;
  }

  private ServerSocket bind(int wanted) throws IOException {
    ServerSocket socket = sockets.createServerSocket();
    try {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), wanted), 512);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private Thread startAccepting(ServerSocket from) {
    return Thread.ofVirtual().name("test-registry-" + port).start(() -> accept(from));
  }

  private void accept(ServerSocket from) {
    try {
      while (true) {
        Connection connection = new Connection(from.accept());
        connections.add(connection);
        connection.start();
      }
    } catch (IOException _) {
      // closed: that is how accepting ends
    }
  }

  /// Stops listening on the port and drops every connection: clients see "connection refused".
  synchronized void refuse() throws IOException, InterruptedException {
    server.close();
    acceptor.join();
    for (Connection connection : connections) {
      connection.close();
    }
    for (Connection connection : connections) {
      connection.join();
    }
  }

  /// Listens again on the same port, if it does not.
  synchronized void accept() throws IOException {
    if (server.isClosed()) {
      server = bind(port);
      acceptor = startAccepting(server);
    }
  }

  /// One connection of a client.
  private final class Connection {
    private final Socket socket;
    private final int number = traffic.connected();
    private final Thread thread = Thread.ofVirtual().unstarted(this::run);

    Connection(Socket socket) {
      this.socket = socket;
    }

    void start() {
      thread.start();
    }

    void join() throws InterruptedException {
      thread.join();
    }

    void close() {
      thread.interrupt();
      try {
        socket.close();
      } catch (IOException _) {
        // it is gone either way
      }
    }

    private void run() {
      try (socket) {
        socket.setTcpNoDelay(true);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        Sender sender = new Sender(socket, gate);
        boolean goesOn = true;
        while (goesOn) {
          Optional<HttpRequest> request = HttpRequest.read(in);
          if (request.isEmpty()) {
            return;
          }
          gate.awaitOpen();
          goesOn = answer(request.get(), sender);
        }
      } catch (IOException _) {
        // the client went away, or close() was called
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } finally {
        connections.remove(this);
      }
    }

    private boolean answer(HttpRequest request, Sender sender)
        throws IOException, InterruptedException {
      Plan plan = service.answer(request);
      Traffic.Entry entry =
          traffic.begin(
              new Traffic.Request(
                  number,
                  request.method(),
                  request.path(),
                  request.header("range"),
                  request.header("authorization").isPresent(),
                  request.parameter("ns").orElse(""),
                  request.ownHeaders(),
                  plan.status,
                  0));
      return sender.send(plan, request.method().equals("HEAD"), entry)
          && !request.header("connection").orElse("").equalsIgnoreCase("close");
    }
  }
}
