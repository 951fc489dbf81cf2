package dev.asterism.cli;

import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options of commands that ask a registry themselves.
final class RegistryOptions {
  @Mixin private final EndpointOptions endpoints = new EndpointOptions();

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of an index's images (default: this machine's)")
  private Optional<Platform> platform = Optional.empty();

  /// Returns a client with the credentials of `docker login`; the caller closes it.
  ///
  /// @throws ParameterException if options contradict each other, or name what is not there
  RegistryClient client(CommandSpec spec) {
    return endpoints.client(spec, RegistryLogin.ofUser(), RequestPolicy.DEFAULT);
  }

  /// Returns the platform to look for.
  Platform platform() {
    return platform.orElseGet(Platform::host);
  }
}
