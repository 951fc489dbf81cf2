package dev.asterism.cli;

import dev.asterism.containerd.ContainerdAddress;
import dev.asterism.containerd.ContainerdStore;
import dev.asterism.images.ImagePlaces;
import dev.asterism.images.Platforms;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options of commands that read or write whole images.
final class ImageOptions {
  /// Who writes waits for what the registry does with it: some move or hash the whole blob.
  private static final RequestPolicy PATIENT =
      RequestPolicy.DEFAULT.withTimeouts(
          Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofMinutes(2));

  @Mixin private final EndpointOptions endpoints = new EndpointOptions();

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of an index's images; may be given several times")
  private final List<Platform> platforms = new ArrayList<>();

  @Option(
      names = {"--all-platforms", "--all"},
      description = "all of an index's images")
  private boolean all;

  @Mixin private final ContainerdOptions containerd = new ContainerdOptions();

  @Option(
      names = "--temporary",
      paramLabel = "DIR",
      description = "where layers wait that are not whole yet (default: $TMPDIR or /var/tmp)")
  private Optional<Path> temporary = Optional.empty();

  /// Returns a client with the credentials of `docker login`; the caller closes it.
  ///
  /// @throws ParameterException if options contradict each other, or name what is not there
  RegistryClient client(CommandSpec spec) {
    return client(spec, RegistryLogin.ofUser());
  }

  /// As the other, with other credentials.
  RegistryClient client(CommandSpec spec, Credentials credentials) {
    return endpoints.client(spec, credentials, PATIENT);
  }

  /// Returns which containerd is meant.
  ContainerdAddress containerd() {
    return containerd.address();
  }

  /// Returns what images are opened with.
  ///
  /// @param client for those in registries; stays the caller's
  ImagePlaces places(RegistryClient client) {
    return new ImagePlaces(client, spools(), new ContainerdStore(containerd.address()));
  }

  /// Returns the platforms that were asked for.
  ///
  /// @param otherwise where none was
  Platforms platforms(Platforms otherwise) {
    if (all) {
      return new Platforms.All();
    }
    return platforms.isEmpty() ? otherwise : new Platforms.Of(platforms);
  }

  /// Returns the one platform that was asked for, else this machine's.
  ///
  /// @throws ParameterException if more than one was
  Platform onePlatform(CommandSpec spec) {
    if (all || platforms.size() > 1) {
      throw new ParameterException(
          spec.commandLine(), "one --platform at a time, and no --all-platforms");
    }
    return platform();
  }

  /// Returns the first platform that was asked for, else this machine's.
  Platform platform() {
    return platforms.isEmpty() ? Platform.host() : platforms.getFirst();
  }

  /// Returns this machine's platform.
  static Platforms hosts() {
    return new Platforms.Of(List.of(Platform.host()));
  }

  /// Returns the folder for files without a name.
  Path spools() {
    String variable = System.getenv().getOrDefault("TMPDIR", "");
    return temporary.orElse(Path.of(variable.isEmpty() ? "/var/tmp" : variable));
  }

  /// Returns where what is worth remembering between two runs lies.
  static Path cache() {
    String variable = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    Path cache =
        variable.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(variable);
    return cache.resolve("asterism");
  }
}
