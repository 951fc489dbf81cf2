package dev.asterism.registry;

import java.util.List;

/// Says where the requests for a registry go.
///
/// Thread-safe.
@FunctionalInterface
public interface Hosts {
  /// Returns where `host` (the host of an [ImageReference]) is served, at least one endpoint. They
  /// are tried in this order until one answers.
  List<Endpoint> endpoints(String host);

  /// Returns the rules without any configuration: Docker Hub at its real address, plain HTTP for
  /// this machine (`localhost`, `127.0.0.0/8`, `::1`), HTTPS for everybody else.
  static Hosts standard() {
    return host -> {
      String authority =
          host.equals(ImageReference.DOCKER_HUB) ? Endpoint.DOCKER_HUB_AUTHORITY : host;
      return List.of(new Endpoint(Endpoint.isLoopback(authority) ? "http" : "https", authority));
    };
  }
}
