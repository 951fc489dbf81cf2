package dev.asterism.cli.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Stands before a registry, on a port of 127.0.0.1, and harms what Asterism asks for; other
/// clients get what the registry answers. A connection carries one request. Thread-safe.
final class FaultyProxy implements AutoCloseable {
  private static final int MAX_HEAD = 64 << 10; // 64 KiB
  private static final int HARMED = 2_000; // bytes of an answer that come before it is cut
  private static final int PATIENCE = 30_000; // milliseconds for either side to say something

  /// What becomes of an answer.
  enum Harm {
    /// Nothing.
    NONE,
    /// It is 503, and the registry is not asked.
    UNAVAILABLE,
    /// The connection is reset after some bytes.
    RESET,
    /// The connection is closed in an orderly way after some bytes of the announced body.
    SHORT
  }

  /// Which harm the requests of Asterism get, numbered from 0.
  interface Plan {
    Harm of(int request);
  }

  /// Each tenth request is 503, another one is reset, another one is short.
  static final Plan MIXED =
      request ->
          switch (request % 10) {
            case 3 -> Harm.UNAVAILABLE;
            case 5 -> Harm.RESET;
            case 8 -> Harm.SHORT;
            default -> Harm.NONE;
          };

  private final ServerSocket listener;
  private final int upstream;
  private final AtomicInteger requests = new AtomicInteger();
  private final Map<Harm, AtomicInteger> done = new EnumMap<>(Harm.class);
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile Plan plan = _ -> Harm.NONE;

  private FaultyProxy(ServerSocket listener, int upstream) {
    this.listener = listener;
    this.upstream = upstream;
    for (Harm harm : Harm.values()) {
      done.put(harm, new AtomicInteger());
    }
  }

  /// @param host of the registry, `127.0.0.1:PORT`
  static FaultyProxy start(String host) throws IOException {
    ServerSocket listener = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    int port = Integer.parseInt(host.substring(host.lastIndexOf(':') + 1));
    FaultyProxy proxy = new FaultyProxy(listener, port);
    Thread.ofVirtual().name("faulty proxy").start(proxy::accept);
    return proxy;
  }

  /// Returns how to name an image behind it.
  String reference(String image) {
    return "127.0.0.1:%d/%s".formatted(listener.getLocalPort(), image);
  }

  /// Says what happens from now on.
  void follow(Plan next) {
    plan = next;
  }

  /// Returns how often something has happened to a request of Asterism.
  int count(Harm harm) {
    return done.getOrDefault(harm, new AtomicInteger()).get();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        open.add(client);
        Thread.ofVirtual().name("faulty proxy").start(() -> serve(client));
      } catch (IOException _) {
        return; // closed
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      client.setSoTimeout(PATIENCE);
      String head = head(client.getInputStream());
      boolean ours = head.toLowerCase(Locale.ROOT).contains("\r\nuser-agent: asterism");
      Harm harm = ours ? plan.of(requests.getAndIncrement()) : Harm.NONE;
      if (ours) {
        done.getOrDefault(harm, new AtomicInteger()).incrementAndGet();
      }
      if (harm == Harm.UNAVAILABLE) {
        client
            .getOutputStream()
            .write(
                ascii(
                    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        return;
      }
      answer(client, head, harm);
    } catch (IOException _) {
      // the client, or the registry, is gone: so is the connection
    } finally {
      open.remove(client);
    }
  }

  private void answer(Socket client, String head, Harm harm) throws IOException {
    try (Socket registry = new Socket(InetAddress.getLoopbackAddress(), upstream)) {
      registry.setSoTimeout(PATIENCE);
      registry
          .getOutputStream()
          .write(
              ascii(
                  head.replaceAll("(?i)\r\nconnection: [^\r]*", "")
                      .replaceFirst("\r\n", "\r\nConnection: close\r\n")));
      long left = harm == Harm.NONE ? Long.MAX_VALUE : HARMED;
      byte[] buffer = new byte[8192];
      InputStream in = registry.getInputStream();
      OutputStream out = client.getOutputStream();
      for (int read = in.read(buffer); read > 0 && left > 0; read = in.read(buffer)) {
        int some = (int) Math.min(read, left);
        out.write(buffer, 0, some);
        left -= some;
      }
      if (harm == Harm.RESET) {
        client.setSoLinger(true, 0);
      }
    }
  }

  /// Requests without a body: nobody writes to this registry.
  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int read = in.read();
      if (read < 0 || head.length() > MAX_HEAD) {
        throw new IOException("no request");
      }
      head.append((char) read);
    }
    return head.toString();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket client : open) {
      client.close();
    }
  }
}
