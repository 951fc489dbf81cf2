package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import dev.asterism.registry.CredentialChain;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.DockerConfig;
import dev.asterism.registry.PulledCredentials;
import dev.asterism.snapshotter.SnapshotServer;
import dev.asterism.snapshotter.Snapshots;
import dev.asterism.snapshotter.cri.ImageServiceProxy;
import dev.asterism.snapshotter.cri.PullRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where a daemon's credentials come from: a file of its own, docker's, and what kubelet pulls
/// with. Thread-safe.
final class NodeCredentials {
  private final PulledCredentials pulled = new PulledCredentials();
  private final Configuration.Logins logins;
  private final Credentials chain;

  NodeCredentials(Configuration.Logins logins) {
    this.logins = logins;
    List<Credentials> sources = new ArrayList<>();
    logins.file().ifPresent(file -> sources.add(new DockerConfig(file)));
    sources.add(RegistryLogin.ofUser());
    if (logins.cri().enabled()) {
      sources.add(pulled);
    }
    this.chain = new CredentialChain(sources);
  }

  /// Returns all of them, in the order in which they are asked.
  Credentials chain() {
    return chain;
  }

  /// Starts the snapshotter's server, and kubelet's image service where it is wanted.
  ///
  /// @throws IOException if a socket cannot be bound
  Serving serve(Path address, Snapshots snapshots) throws IOException {
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
    public void pulled(PullRequest request) {
      pulled.pulled(
          request.image(),
          new PulledCredentials.Auth(
              request.user(),
              request.password(),
              request.auth(),
              request.server(),
              request.identityToken()));
    }

    @Override
    public void removed(String image) {
      pulled.removed(image);
    }
  }
}
