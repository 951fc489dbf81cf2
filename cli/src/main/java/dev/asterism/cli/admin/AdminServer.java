package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The daemon's admin socket, and the listeners for metrics and for debugging where they are
/// configured. Thread-safe.
public final class AdminServer implements AutoCloseable {
  private final List<HttpListener> listeners;

  private AdminServer(List<HttpListener> listeners) {
    this.listeners = List.copyOf(listeners);
  }

  /// Starts to listen.
  ///
  /// @param socket a unix socket; only its owner may use it
  /// @param metricsAddress where a monitoring system reads the metrics; anybody who reaches it may
  /// @param debugAddress a unix socket for who looks for a fault in the program itself
  /// @throws IOException if one of them cannot be bound
  public static AdminServer start(
      Path socket,
      Optional<InetSocketAddress> metricsAddress,
      Optional<Path> debugAddress,
      DaemonView daemon)
      throws IOException {
    DaemonState state =
        new DaemonState(
            daemon, Metrics.of(daemon.layers(), daemon.version()).with(daemon.requests()));
    return start(
        new Places(socket, metricsAddress, debugAddress),
        AdminEndpoints.all(daemon, state),
        StateEndpoints.metricsOnly(state),
        DebugEndpoints.all(daemon.root()));
  }

  /// As the other, for a daemon whose namespaces share nothing: answers for all of them.
  public static AdminServer start(
      Path socket,
      Optional<InetSocketAddress> metricsAddress,
      Optional<Path> debugAddress,
      NamespacesView daemon)
      throws IOException {
    NamespacesState state = new NamespacesState(daemon);
    return start(
        new Places(socket, metricsAddress, debugAddress),
        StateEndpoints.of(state),
        StateEndpoints.metricsOnly(state),
        DebugEndpoints.all(daemon.root()));
  }

  private record Places(Path socket, Optional<InetSocketAddress> metrics, Optional<Path> debug) {}

  private static AdminServer start(Places places, Routes all, Routes metrics, Routes debug)
      throws IOException {
    List<HttpListener> listeners = new ArrayList<>();
    try {
      listeners.add(HttpListener.onSocket(places.socket(), all));
      if (places.metrics().isPresent()) {
        listeners.add(HttpListener.onAddress(places.metrics().get(), metrics));
      }
      if (places.debug().isPresent()) {
        listeners.add(HttpListener.onSocket(places.debug().get(), debug));
      }
      return new AdminServer(listeners);
    } catch (IOException e) {
      try {
        close(listeners);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    close(listeners);
  }

  private static void close(List<HttpListener> listeners) throws IOException {
    Optional<IOException> failure = Optional.empty();
    for (HttpListener listener : listeners) {
      try {
        listener.close();
      } catch (IOException e) {
        failure = Optional.of(e);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}
