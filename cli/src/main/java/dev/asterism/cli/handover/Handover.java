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

  /// @param root the daemon's
  /// @param environment of this process
  public Handover(Path root, Map<String, String> environment) {
    this.manager = ServiceManager.find(environment);
    this.keeper = new KeeperProcess(root);
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
    if (!manager.map(service -> service.keep(kept)).orElse(false)) {
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
