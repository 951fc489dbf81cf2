package dev.asterism.cli;

import dev.asterism.registry.Endpoint;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of commands that ask a registry themselves.
final class RegistryOptions {
  @Option(
      names = "--plain-http",
      description = "ask the registry without TLS (always so on this machine's loopback)")
  private boolean plainHttp;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of an index's images (default: this machine's)")
  private Optional<Platform> platform = Optional.empty();

  /// Returns a client that asks anonymously; the caller closes it.
  RegistryClient client() {
    Hosts hosts = plainHttp ? host -> List.of(new Endpoint("http", host)) : Hosts.standard();
    return new RegistryClient(
        hosts, RegistryLogin.ofUser(), RequestPolicy.DEFAULT, InstantSource.system());
  }

  /// Returns the platform to look for.
  Platform platform() {
    return platform.orElseGet(Platform::host);
  }
}
