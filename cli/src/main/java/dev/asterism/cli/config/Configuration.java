package dev.asterism.cli.config;

import dev.asterism.cache.Budget;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.Upkeep;
import dev.asterism.layers.OutagePolicy;
import dev.asterism.layers.StartPolicy;
import dev.asterism.registry.Endpoint;
import dev.asterism.registry.RegistryClient;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What an operator can choose. Immutable.
///
/// @param verification how far images must prove themselves
/// @param blob how blobs are fetched
/// @param directoryCache how chunks are kept
/// @param budget how much of the disk the store may take
/// @param upkeep what the store does for itself
/// @param requestTimeout how long a registry may let a request wait; empty: as the client has it
/// @param hosts where registries are
/// @param logins where credentials come from, beside docker's file
/// @param endpoints where it can be looked at, beside the admin socket
/// @param starts what is fetched before it is read
/// @param outages how long a read waits for a registry that is away
/// @param logFileAccess whether the first use of each file is a debug line
/// @param snapshotter how snapshots are kept, and who shares
public record Configuration(
    Verification verification,
    BlobConfig blob,
    DirectoryCacheConfig directoryCache,
    Budget budget,
    Upkeep upkeep,
    Optional<Duration> requestTimeout,
    RegistryHosts hosts,
    Logins logins,
    Endpoints endpoints,
    StartPolicy starts,
    OutagePolicy outages,
    boolean logFileAccess,
    Snapshotter snapshotter) {

  /// The defaults: everything verified, everything shared.
  public static final Configuration DEFAULT =
      new Configuration(
          Verification.REQUIRED,
          BlobConfig.DEFAULT,
          DirectoryCacheConfig.DEFAULT,
          Budget.DEFAULT,
          Upkeep.DEFAULT,
          Optional.empty(),
          RegistryHosts.DEFAULT,
          Logins.DEFAULT,
          Endpoints.NONE,
          StartPolicy.DEFAULT,
          OutagePolicy.DEFAULT,
          false,
          Snapshotter.DEFAULT);

  /// How far images must prove themselves.
  public enum Verification {
    /// Every layer, whatever its labels say.
    REQUIRED,
    /// Every layer that does not carry the label that skips it (`allow_no_verification`).
    UNLESS_LABELLED,
    /// None (`disable_verification`): nothing is shared between layers then.
    NEVER
  }

  /// How snapshots are kept, and who shares. Immutable.
  ///
  /// @param scope among whom content is shared
  /// @param asyncRemove whether directories of removed snapshots stay until the next cleanup
  public record Snapshotter(Scope scope, boolean asyncRemove) {
    /// All share; a removed snapshot's directory goes at once.
    public static final Snapshotter DEFAULT = new Snapshotter(Scope.NODE, false);
  }

  /// Among whom content is shared: `directory_cache.scope`.
  public enum Scope {
    /// All layers of the daemon.
    NODE("node"),
    /// The layers of one namespace of containerd.
    NAMESPACE("namespace");

    private final String word;

    Scope(String word) {
      this.word = word;
    }

    /// Returns how a configuration says it.
    public String word() {
      return word;
    }

    /// Returns the scope of that word; empty if there is none.
    public static Optional<Scope> of(String word) {
      return Arrays.stream(values()).filter(scope -> scope.word.equals(word)).findFirst();
    }
  }

  /// Where credentials come from, beside docker's file. Immutable.
  ///
  /// @param file in docker's format, asked first; empty for none
  /// @param kubernetes pull secrets of a cluster
  /// @param cri what kubelet pulls with
  public record Logins(Optional<Path> file, Kubernetes kubernetes, Cri cri) {
    /// Docker's file alone.
    public static final Logins DEFAULT =
        new Logins(Optional.empty(), Kubernetes.DEFAULT, Cri.DEFAULT);
  }

  /// The pull secrets of a Kubernetes cluster: table `kubeconfig_keychain`. Immutable.
  ///
  /// @param enabled whether they are followed
  /// @param kubeconfig which cluster, and as whom; empty for where Kubernetes' own programs look
  public record Kubernetes(boolean enabled, Optional<Path> kubeconfig) {
    /// Not followed.
    public static final Kubernetes DEFAULT = new Kubernetes(false, Optional.empty());
  }

  /// The CRI image service, in passing: table `cri_keychain`. Immutable.
  ///
  /// @param enabled whether it is served
  /// @param service the socket of containerd's own
  /// @param listen the socket where kubelet finds it; empty for the one of the snapshotter
  public record Cri(boolean enabled, Path service, Optional<Path> listen) {
    /// Not served.
    public static final Cri DEFAULT =
        new Cri(false, Path.of("/run/containerd/containerd.sock"), Optional.empty());
  }

  /// Where registries are. Immutable.
  ///
  /// @param mirrors what is asked before a registry itself, in order
  /// @param directories where `HOST/hosts.toml` and `HOST/*.crt` are looked for
  public record RegistryHosts(Map<String, List<Endpoint>> mirrors, List<Path> directories) {
    /// As containerd has it.
    public static final RegistryHosts DEFAULT =
        new RegistryHosts(Map.of(), RegistryClient.CERTIFICATES);

    /// Copies map and list.
    public RegistryHosts {
      mirrors = Map.copyOf(mirrors);
      directories = List.copyOf(directories);
    }
  }

  /// Where a monitoring system, or somebody who looks for a fault, finds the daemon. Immutable.
  ///
  /// @param metrics a TCP address; empty for none
  /// @param prometheus whether that address is used
  /// @param debug a unix socket, absolute; empty for none
  public record Endpoints(
      Optional<InetSocketAddress> metrics, boolean prometheus, Optional<Path> debug) {
    /// Nowhere but on the admin socket.
    public static final Endpoints NONE = new Endpoints(Optional.empty(), true, Optional.empty());

    /// Returns where the metrics are to be listened for; empty for nowhere.
    public Optional<InetSocketAddress> scraped() {
      return prometheus ? metrics : Optional.empty();
    }
  }

  /// How blobs are fetched: table `blob`. Immutable.
  ///
  /// @param fetchingTimeout how long one fetch may take with all its retries
  /// @param maxRetries how often a request that may yet succeed is repeated; 0 means never
  /// @param minWait before the first retry
  /// @param maxWait before any retry
  public record BlobConfig(
      Duration fetchingTimeout, int maxRetries, Duration minWait, Duration maxWait) {
    /// The stargz snapshotter's defaults.
    public static final BlobConfig DEFAULT =
        new BlobConfig(Duration.ofMinutes(5), 5, Duration.ofMillis(30), Duration.ofMinutes(5));
  }
}
