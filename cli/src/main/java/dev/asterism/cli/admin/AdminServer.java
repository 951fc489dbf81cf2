package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/// The daemon's admin socket, and the listener for its metrics where one is configured.
/// Thread-safe.
public final class AdminServer implements AutoCloseable {
  private final HttpListener socket;
  private final Optional<HttpListener> metrics;

  private AdminServer(HttpListener socket, Optional<HttpListener> metrics) {
    this.socket = socket;
    this.metrics = metrics;
  }

  /// Starts to listen.
  ///
  /// @param socket a unix socket; only its owner may use it
  /// @param metricsAddress where a monitoring system reads the metrics; anybody who reaches it may
  /// @throws IOException if one of them cannot be bound
  public static AdminServer start(
      Path socket, Optional<InetSocketAddress> metricsAddress, DaemonView daemon)
      throws IOException {
    Metrics metrics = Metrics.of(daemon.layers(), daemon.version());
    HttpListener listener = HttpListener.onSocket(socket, AdminEndpoints.all(daemon, metrics));
    try {
      Optional<HttpListener> scraped = Optional.empty();
      if (metricsAddress.isPresent()) {
        scraped =
            Optional.of(
                HttpListener.onAddress(metricsAddress.get(), AdminEndpoints.metricsOnly(metrics)));
      }
      return new AdminServer(listener, scraped);
    } catch (IOException e) {
      listener.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      if (metrics.isPresent()) {
        metrics.get().close();
      }
    } finally {
      socket.close();
    }
  }
}
