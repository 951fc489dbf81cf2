package dev.asterism.cli.admin;

import dev.asterism.cli.admin.client.AdminClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/// A page about a running daemon, on a port of this machine's loopback, for whoever knows its
/// address: a number that nobody guesses is a part of that, because every user of the machine
/// reaches the port.
///
/// It shows what the admin socket says and changes nothing. Thread-safe.
public final class PageServer implements AutoCloseable {
  private static final String HTML = "text/html; charset=utf-8";
  private static final int AT_ONCE = 8; // requests: a page makes six
  private static final int SECRET = 16; // bytes

  /// What the page asks for; nothing else is handed on.
  private static final List<String> ANSWERS =
      List.of(
          "/v1/status",
          "/v1/images",
          "/v1/starts",
          "/v1/outages",
          "/v1/fetching",
          "/v1/cache/export");

  private final HttpListener listener;
  private final String secret;

  private PageServer(HttpListener listener, String secret) {
    this.listener = listener;
    this.secret = secret;
  }

  /// Starts to listen.
  ///
  /// @param address of loopback; port 0 takes any that is free
  /// @param daemon is asked for everything
  /// @throws IOException if the address is none of loopback, or cannot be bound
  public static PageServer start(InetSocketAddress address, AdminClient daemon) throws IOException {
    if (address.getAddress() == null || !address.getAddress().isLoopbackAddress()) {
      throw new IOException(
          "%s is not on loopback: the page shows what only root may see; reach it through ssh -L"
              .formatted(address));
    }
    byte[] random = new byte[SECRET];
    new SecureRandom().nextBytes(random);
    String secret = HexFormat.of().formatHex(random);
    String page = page();
    Routes routes =
        new Routes(AT_ONCE)
            .add("GET", "/" + secret + "/", (_, response) -> response.send(200, HTML, page));
    for (String path : ANSWERS) {
      routes.add(
          "GET",
          "/" + secret + path,
          (_, response) -> response.send(200, Response.JSON, daemon.get(path)));
    }
    return new PageServer(HttpListener.onAddress(address, routes), secret);
  }

  private static String page() throws IOException {
    try (InputStream in = PageServer.class.getResourceAsStream("page.html")) {
      if (in == null) {
        throw new IOException("the page is not among the program's files");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /// Returns where a browser finds the page.
  public URI address() {
    InetSocketAddress bound = (InetSocketAddress) listener.address();
    String host = bound.getAddress().getHostAddress();
    return URI.create(
        "http://%s:%d/%s/"
            .formatted(host.contains(":") ? "[" + host + "]" : host, bound.getPort(), secret));
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
