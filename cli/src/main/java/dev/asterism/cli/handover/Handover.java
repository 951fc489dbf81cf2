package dev.asterism.cli.handover;

import dev.asterism.layers.MountKeeper;
import dev.asterism.linux.Fd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Has the gate held by the service manager where that keeps descriptors, by a process of our own
/// where it does not, or does not say so.
///
/// A systemd before 254 keeps descriptors over a restart, but not over a stop, and does not say how
/// many: then both hold them. Thread-safe.
public final class Handover implements MountKeeper {
  private static final Logger LOGGER = System.getLogger(Handover.class.getName());

  private final Optional<ServiceManager> manager;
  private final KeeperProcess keeper;
  private final KeeperProcess logins;
  private final boolean trusting; // whether the service manager alone may hold the gate

  /// @param root the daemon's
  /// @param environment of this process
  public Handover(Path root, Map<String, String> environment) {
    this(root, ServiceManager.find(environment), true);
  }

  private Handover(Path root, Optional<ServiceManager> manager, boolean trusting) {
    this.manager = manager;
    this.keeper = KeeperProcess.ofGate(root);
    this.logins = KeeperProcess.ofLogins(root);
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

  /// Says that the service is up, to who wants to know. Where the service manager would end the
  /// process that holds the gate together with this one, the log says so.
  public void ready() {
    manager.ifPresent(ServiceManager::ready);
    if (manager.isPresent() && manager.get().capacity() < ServiceUnit.ENOUGH) {
      Thread.ofVirtual().name("service-unit").start(this::warn); // it may take a second
    }
  }

  private void warn() {
    try {
      Optional<String> name = ServiceUnit.ofThisProcess();
      Optional<ServiceUnit> unit =
          name.isPresent() ? ServiceUnit.ask(name.get()) : Optional.empty();
      if (unit.isEmpty() || !unit.get().leavesTheMount()) {
        LOGGER.log(
            Level.WARNING,
            "a stop or restart of this service ends what holds the mount, unless its unit has KillMode=process or FileDescriptorStoreMax=16 with FileDescriptorStorePreserve=yes: containers would lose what they have not read unit={0} KillMode={1}; asterism comes with a drop-in, systemd/stargz-snapshotter.service.d",
            name.orElse("unknown"),
            unit.map(ServiceUnit::killMode).orElse("unknown"));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Says that the service is going down, to who wants to know.
  public void stopping() {
    manager.ifPresent(ServiceManager::stopping);
  }

  /// Returns the memory of logins that a former process left; whoever held it still does.
  Optional<Fd> takeLogins() {
    return manager
        .flatMap(ServiceManager::takeLogins)
        .or(() -> logins.takeAll().stream().findFirst());
  }

  /// Has a memory of logins held as the gate is.
  ///
  /// @throws IOException if nobody can
  void keepLogins(Fd memory) throws IOException {
    if (!manager.map(service -> service.keepLogins(memory)).orElse(false)) {
      logins.keepWhileMounted(memory);
    }
  }

  /// Has a memory of logins held by a process again, where the one that did has ended because
  /// nothing was mounted.
  void holdOnToLogins(Fd memory) throws IOException {
    if (manager.map(ServiceManager::capacity).orElse(0) < ServiceUnit.ENOUGH
        && logins.pid().isEmpty()) {
      logins.keepWhileMounted(memory);
    }
  }

  /// Lets go of logins that a former process may have left.
  void releaseLogins() {
    manager.ifPresent(ServiceManager::releaseLogins);
    logins.release();
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
