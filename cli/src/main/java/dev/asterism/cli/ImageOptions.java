package dev.asterism.cli;

import dev.asterism.containerd.ContainerdAddress;
import dev.asterism.containerd.ContainerdStore;
import dev.asterism.images.ImagePlaces;
import dev.asterism.images.Platforms;
import dev.asterism.registry.Endpoint;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options of commands that read or write whole images.
final class ImageOptions {
  /// Who writes waits for what the registry does with it: some move or hash the whole blob.
  private static final RequestPolicy PATIENT =
      RequestPolicy.DEFAULT.withTimeouts(
          Duration.ofSeconds(5), Duration.ofSeconds(60), Duration.ofMinutes(2));

  @Option(
      names = "--plain-http",
      description = "ask registries without TLS (always so on this machine's loopback)")
  private boolean plainHttp;

  @Option(
      names = "--platform",
      paramLabel = "OS/ARCH[/VARIANT]",
      description = "which of an index's images; may be given several times")
  private final List<Platform> platforms = new ArrayList<>();

  @Option(names = "--all-platforms", description = "all of an index's images")
  private boolean all;

  @Mixin private final ContainerdOptions containerd = new ContainerdOptions();

  @Option(
      names = "--temporary",
      paramLabel = "DIR",
      description = "where layers wait that are not whole yet (default: $TMPDIR or /var/tmp)")
  private Optional<Path> temporary = Optional.empty();

  /// Returns a client with the credentials of `docker login`; the caller closes it.
  RegistryClient client() {
    Hosts hosts = plainHttp ? host -> List.of(new Endpoint("http", host)) : Hosts.standard();
    return new RegistryClient(hosts, RegistryLogin.ofUser(), PATIENT, InstantSource.system());
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

  /// Returns the platform that was asked for, else this machine's.
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
