package dev.asterism.cli.handover;

import dev.asterism.layers.MountKeeper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Has the gate held by the service manager where that keeps descriptors, by a process of our own
/// where it does not, or does not say so.
///
/// A systemd before 254 keeps descriptors over a restart, but not over a stop, and does not say how
/// many: then both hold them. Thread-safe.
public final class Handover implements MountKeeper {
  private final Optional<ServiceManager> manager;
  private final KeeperProcess keeper;
  private final boolean trusting; // whether the service manager alone may hold the gate

  /// @param root the daemon's
  /// @param environment of this process
  public Handover(Path root, Map<String, String> environment) {
    this(root, ServiceManager.find(environment), true);
  }

  private Handover(Path root, Optional<ServiceManager> manager, boolean trusting) {
    this.manager = manager;
    this.keeper = new KeeperProcess(root);
    this.trusting = trusting;
  }

  /// Holds the gate of one namespace of several. The store of a service manager is finite, and it
  /// does not say when it takes no more: a process holds the gate, too.
  ///
  /// @param root the namespace's
  public static Handover ofNamespace(Path root, Map<String, String> environment, String namespace) {
    return new Handover(
        root, ServiceManager.find(environment).map(each -> each.ofNamespace(namespace)), false);
  }

  /// Says that the service is up, to who wants to know.
  public void ready() {
    manager.ifPresent(ServiceManager::ready);
  }

  /// Says that the service is going down, to who wants to know.
  public void stopping() {
    manager.ifPresent(ServiceManager::stopping);
  }

  @Override
  public Optional<Kept> take() {
    return manager.flatMap(ServiceManager::take).or(keeper::take);
  }

  @Override
  public boolean keep(Kept kept, String device) throws IOException {
    boolean held = manager.map(service -> service.keep(kept)).orElse(false);
    if (!(held && trusting)) {
      keeper.keep(kept, device);
    }
    return true;
  }

  @Override
  public void release() {
    manager.ifPresent(ServiceManager::release);
    keeper.release();
  }
}
