package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.handover.Handover;
import dev.asterism.cli.handover.KeptLogins;
import dev.asterism.registry.CredentialChain;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.DockerConfig;
import dev.asterism.registry.PullSecrets;
import dev.asterism.registry.PulledCredentials;
import dev.asterism.snapshotter.SnapshotCalls;
import dev.asterism.snapshotter.SnapshotServer;
import dev.asterism.snapshotter.cri.ImageServiceProxy;
import dev.asterism.snapshotter.cri.PullRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Where a daemon's credentials come from: a file of its own, docker's, a cluster's pull secrets,
/// and what kubelet pulls with. Thread-safe.
final class NodeCredentials implements AutoCloseable {
  private final PulledCredentials pulled;
  private final Configuration.Logins logins;
  private final Optional<PullSecrets> secrets;
  private final Optional<KeptLogins> kept;
  private final Credentials chain;

  private NodeCredentials(
      Configuration.Logins logins,
      PulledCredentials pulled,
      Optional<PullSecrets> secrets,
      Optional<KeptLogins> kept) {
    this.logins = logins;
    this.pulled = pulled;
    this.secrets = secrets;
    this.kept = kept;
    List<Credentials> sources = new ArrayList<>();
    logins.file().ifPresent(file -> sources.add(new DockerConfig(file)));
    sources.add(RegistryLogin.ofUser());
    secrets.ifPresent(sources::add);
    if (logins.cri().enabled()) {
      sources.add(pulled);
    }
    this.chain = new CredentialChain(sources);
  }

  /// The files alone, for a program that ends soon.
  static NodeCredentials ofFiles(Configuration.Logins logins) {
    return new NodeCredentials(logins, new PulledCredentials(), Optional.empty(), Optional.empty());
  }

  /// All of them, with what a former process was told by kubelet; a cluster's secrets are followed
  /// until this is closed.
  ///
  /// @throws IOException if there is no memory for what kubelet pulls with
  static NodeCredentials follow(Configuration.Logins logins, Handover handover) throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    Optional<KeptLogins> kept = Optional.empty();
    if (logins.cri().enabled()) {
      kept = Optional.of(KeptLogins.open(handover, pulled));
    } else {
      KeptLogins.forget(handover);
    }
    return new NodeCredentials(logins, pulled, secrets(logins.kubernetes()), kept);
  }

  private static Optional<PullSecrets> secrets(Configuration.Kubernetes kubernetes) {
    if (!kubernetes.enabled()) {
      return Optional.empty();
    }
    Path file =
        kubernetes
            .kubeconfig()
            .orElseGet(() ->
                PullSecrets.standardFile(
                    System.getenv(), Path.of(System.getProperty("user.home"))));
    return Optional.of(PullSecrets.follow(file));
  }

  /// Returns all of them, in the order in which they are asked.
  Credentials chain() {
    return chain;
  }

  /// Starts the snapshotter's server, and kubelet's image service where it is wanted.
  ///
  /// @throws IOException if a socket cannot be bound
  Serving serve(Path address, SnapshotCalls snapshots) throws IOException {
    Configuration.Cri cri = logins.cri();
    if (!cri.enabled()) {
      return new Serving(
          SnapshotServer.start(address, snapshots), Optional.empty(), Optional.empty());
    }
    ImageServiceProxy proxy = ImageServiceProxy.open(cri.service(), new Remembering());
    boolean shared = cri.listen().isEmpty() || cri.listen().get().equals(address);
    Optional<SnapshotServer> images = Optional.empty();
    try {
      if (!shared) {
        images = Optional.of(SnapshotServer.start(cri.listen().get(), proxy));
      }
      SnapshotServer server =
          shared
              ? SnapshotServer.start(address, snapshots, proxy)
              : SnapshotServer.start(address, snapshots);
      return new Serving(server, images, Optional.of(proxy));
    } catch (IOException e) {
      if (images.isPresent()) {
        images.get().close();
      }
      proxy.close();
      throw e;
    }
  }

  @Override
  public void close() {
    secrets.ifPresent(PullSecrets::close);
    kept.ifPresent(KeptLogins::close);
  }

  /// What listens. Closing it ends all of it.
  record Serving(
      SnapshotServer snapshots, Optional<SnapshotServer> images, Optional<ImageServiceProxy> proxy)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        snapshots.close();
        if (images.isPresent()) {
          images.get().close();
        }
      } finally {
        proxy.ifPresent(ImageServiceProxy::close);
      }
    }
  }

  private final class Remembering implements ImageServiceProxy.Pulls {
    @Override
    public Consumer<Boolean> pulled(PullRequest request) {
      Optional<PulledCredentials.Attempt> attempt =
          pulled.pulled(
              request.image(),
              new PulledCredentials.Auth(
                  request.user(),
                  request.password(),
                  request.auth(),
                  request.server(),
                  request.identityToken()));
      keep();
      return well ->
          attempt.ifPresent(pull -> {
            pull.ended(well);
            keep();
          });
    }

    @Override
    public void removed(String image) {
      pulled.removed(image);
      keep();
    }

    private void keep() {
      kept.ifPresent(memory -> memory.keep(pulled));
    }
  }
}
