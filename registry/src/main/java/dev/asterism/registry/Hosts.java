package dev.asterism.registry;

import java.io.IOException;
import java.util.List;

/// Says where the requests for a registry go.
///
/// Thread-safe.
@FunctionalInterface
public interface Hosts {
  /// Returns where `host` (the host of an [ImageReference]) is served, at least one endpoint. They
  /// are tried in this order until one answers.
  ///
  /// @throws IOException if a file that says so cannot be used
  List<Endpoint> endpoints(String host) throws IOException;

  /// Returns the rules without any configuration: Docker Hub at its real address, plain HTTP for
  /// this machine (`localhost`, `127.0.0.0/8`, `::1`), HTTPS for everybody else.
  static Hosts standard() {
    return host -> List.of(source(host));
  }

  /// Returns the registry itself, as [#standard] has it.
  static Endpoint source(String host) {
    String authority = authorityOf(host);
    return new Endpoint(Endpoint.isLoopback(authority) ? "http" : "https", authority);
  }

  /// Returns where the API of a registry is.
  static String authorityOf(String host) {
    return host.equals(ImageReference.DOCKER_HUB) ? Endpoint.DOCKER_HUB_AUTHORITY : host;
  }
}
