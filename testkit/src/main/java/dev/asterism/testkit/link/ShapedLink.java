package dev.asterism.testkit.link;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// A relay for TCP connections that is as slow as a real link: connect to its port instead of the
/// server's.
///
/// All connections share the bandwidth of each direction. Bytes arrive half a round trip after they
/// were sent, and the first of a connection a whole one later, for TCP's handshake. Slow start and
/// loss are not imitated. Counts what crosses. Thread-safe.
///
/// Lifetime: runs until it is closed, which drops every connection.
public final class ShapedLink implements AutoCloseable {
  private volatile LinkShape shape;
  private final InetSocketAddress target;
  private final ServerSocket server;
  private final Bandwidth upBandwidth;
  private final Bandwidth downBandwidth;
  private final AtomicLong up = new AtomicLong();
  private final AtomicLong down = new AtomicLong();
  private final AtomicInteger accepted = new AtomicInteger();
  private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
  private final Thread acceptor;
  private volatile LinkObserver observer = LinkObserver.NONE;

  private ShapedLink(InetSocketAddress target, LinkShape shape, ServerSocket server) {
    this.shape = shape;
    this.target = target;
    this.server = server;
    upBandwidth = new Bandwidth(shape);
    downBandwidth = new Bandwidth(shape);
    acceptor = Thread.ofVirtual().name("link-" + server.getLocalPort()).unstarted(this::accept);
  }

  /// Opens a link to a port of 127.0.0.1, itself on a free port of 127.0.0.1.
  public static ShapedLink to(int port, LinkShape shape) {
    return to(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port), shape);
  }

  /// Opens a link to `target`.
  public static ShapedLink to(InetSocketAddress target, LinkShape shape) {
    try {
      ServerSocket server = new ServerSocket(0, 512, InetAddress.ofLiteral("127.0.0.1"));
      ShapedLink link = new ShapedLink(target, shape, server);
      link.acceptor.start();
      return link;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns `127.0.0.1:PORT`, where to connect.
  public String host() {
    return "127.0.0.1:" + port();
  }

  /// Returns the port to connect to.
  public int port() {
    return server.getLocalPort();
  }

  /// Is like this from now on, for connections that are open too.
  public void become(LinkShape next) {
    shape = next;
    upBandwidth.become(next);
    downBandwidth.become(next);
  }

  /// Drops every connection that is open, as a router that forgets them does.
  public void dropConnections() {
    connections.forEach(Connection::close);
  }

  /// Returns the bytes that clients sent until now.
  public long bytesUp() {
    return up.get();
  }

  /// Returns the bytes that clients were sent until now. Counted half a round trip before they
  /// arrive.
  public long bytesDown() {
    return down.get();
  }

  /// Returns the connections made until now.
  public int connections() {
    return accepted.get();
  }

  /// Has somebody watch from now on, in place of whoever did.
  public void observe(LinkObserver watcher) {
    observer = watcher;
  }

  /// Counts from 0 again.
  public void resetCounters() {
    up.set(0);
    down.set(0);
    accepted.set(0);
  }

  private void accept() {
    try {
      while (true) {
        Socket client = server.accept();
        Connection connection = new Connection(client, accepted.incrementAndGet());
        connections.add(connection);
        connection.thread.start();
      }
    } catch (IOException _) {
      // closed: that is how accepting ends
    }
  }

  /// Drops every connection and waits for the threads to end.
  @Override
  public void close() {
    try {
      server.close();
      acceptor.join();
      connections.forEach(Connection::close);
      for (Connection connection : connections) {
        connection.thread.join();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // the threads end by themselves
    }
  }

  /// A connection of a client and the one to the target that it is joined to.
  private final class Connection {
    private final Socket client;
    private final int number;
    private final Socket remote = new Socket();
    private final Thread thread = Thread.ofVirtual().unstarted(this::run);

    Connection(Socket client, int number) {
      this.client = client;
      this.number = number;
    }

    void close() {
      thread.interrupt();
      closeQuietly(client);
      closeQuietly(remote);
    }

    private static void closeQuietly(Socket socket) {
      try {
        socket.close();
      } catch (IOException _) {
        // it is gone either way
      }
    }

    private void run() {
      long accepted = System.nanoTime();
      try {
        remote.connect(target);
        client.setTcpNoDelay(true);
        remote.setTcpNoDelay(true);
        Bandwidth.sleepUntil(accepted + shape.roundTrip().toNanos());
        relay();
      } catch (IOException _) {
        // the target is not there: the client sees its connection end
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      } finally {
        closeQuietly(client);
        closeQuietly(remote);
        connections.remove(this);
      }
    }

    private void relay() throws InterruptedException {
      Pipe request =
          new Pipe(
              client,
              remote,
              () -> shape,
              upBandwidth,
              (bytes, length) -> {
                up.addAndGet(length);
                observer.sent(number, bytes, length);
              },
              (_, _) -> {});
      Pipe answer =
          new Pipe(
              remote,
              client,
              () -> shape,
              downBandwidth,
              (_, length) -> down.addAndGet(length),
              (_, length) -> observer.received(number, length));
      Thread[] workers = {
        worker(request::send),
        worker(request::receive),
        worker(answer::send),
        worker(answer::receive)
      };
      try {
        for (Thread worker : workers) {
          worker.join();
        }
      } finally {
        for (Thread worker : workers) {
          worker.interrupt();
        }
      }
    }

    private interface Work {
      void run() throws IOException, InterruptedException;
    }

    /// One that fails takes the whole connection with it: a reset on one side is one on the other.
    private Thread worker(Work work) {
      return Thread.ofVirtual()
          .start(() -> {
            try {
              work.run();
            } catch (IOException | InterruptedException _) {
              reset(client);
              reset(remote);
              thread.interrupt();
            }
          });
    }

    private static void reset(Socket socket) {
      try {
        socket.setSoLinger(true, 0); // close sends RST
      } catch (IOException _) {
        // closed already
      }
      closeQuietly(socket);
    }
  }
}
