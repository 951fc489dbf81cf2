package dev.asterism.layers;

import dev.asterism.fuse.FileSystem;
import dev.asterism.fuse.FuseSession;
import dev.asterism.layers.MountKeeper.Kept;
import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// The gate's FUSE mount, made by this process or taken over from a former one, and who holds it
/// when this process ends. Thread-safe.
final class GateMount implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(GateMount.class.getName());

  private static final String TYPE = "asterism";

  private final FuseSession session;
  private final GateMemory memory;
  private final MountKeeper keeper;
  private final boolean kept;
  private final AtomicBoolean left = new AtomicBoolean();

  private GateMount(FuseSession session, GateMemory memory, MountKeeper keeper, boolean kept) {
    this.session = session;
    this.memory = memory;
    this.keeper = keeper;
    this.kept = kept;
  }

  /// Takes over what a former process left. It serves nobody yet: [#serve].
  ///
  /// @param memory what that process had told the kernel; this takes it over, and closes it if it
  ///   fails
  /// @throws IOException if what was kept is not the connection of the mount that stands there
  static GateMount resume(
      Path mountpoint, Kept kept, GateMemory memory, FileSystem gate, MountKeeper keeper)
      throws IOException {
    try {
      FuseSession session =
          FuseSession.resume(mountpoint, kept.connection(), gate, FuseSession.Options.defaults());
      LOGGER.log(Level.INFO, "gate taken over mountpoint={0}", mountpoint);
      return new GateMount(session, memory, keeper, true);
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /// Mounts anew, in place of whatever stands there, and has it kept.
  ///
  /// @param memory taken over; closed if this fails
  static GateMount mount(Path mountpoint, GateMemory memory, FileSystem gate, MountKeeper keeper)
      throws IOException {
    try {
      keeper.release();
      unmountDead(mountpoint); // before anything looks at it: a dead mount answers ENOTCONN
      Files.createDirectories(mountpoint);
      FuseSession session =
          FuseSession.mount(mountpoint, TYPE, gate, FuseSession.Options.defaults());
      return new GateMount(session, memory, keeper, keep(session, memory, keeper));
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private static boolean keep(FuseSession session, GateMemory memory, MountKeeper keeper) {
    String loss = "containers will lose what they have not read when this process ends cause={0}";
    if (!session.negotiated().resend()) {
      LOGGER.log(Level.WARNING, loss, "\"Linux 6.9 or newer is needed\"");
      return false;
    }
    try {
      Mount mount = Mounts.find(session.mountpoint()).orElseThrow();
      return keeper.keep(
          new Kept(session.fds(), memory.fd()), "%d:%d".formatted(mount.major(), mount.minor()));
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, loss, "\"" + e.getMessage() + "\"");
      return false;
    }
  }

  /// Returns what a former process left for the mount that stands on `mountpoint`; empty if there
  /// is nothing, or nothing mounted.
  static Optional<Kept> find(Path mountpoint, MountKeeper keeper) throws IOException {
    Optional<Kept> found = keeper.take();
    if (found.isPresent() && Mounts.find(mountpoint).isEmpty()) {
      found.get().close();
      return Optional.empty();
    }
    return found;
  }

  /// Takes away the mount of a process that died; the mounts on top of it in containers are their
  /// own.
  private static void unmountDead(Path mountpoint) throws IOException {
    while (Mounts.find(mountpoint).isPresent()) {
      Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
    }
  }

  /// Begins to answer, where it was taken over.
  void serve() throws IOException {
    session.serve();
  }

  /// Stops to answer, if somebody holds the mount for the next process; else does nothing. Nor does
  /// it the second time.
  ///
  /// @param grace how long what is under way may take
  void leave(Duration grace) throws IOException {
    if (kept && left.compareAndSet(false, true)) {
      session.leave(grace);
      LOGGER.log(Level.INFO, "gate left to the next process mountpoint={0}", session.mountpoint());
    }
  }

  /// Leaves the mount to the next process; where nobody holds it meanwhile, unmounts it.
  void leaveOrClose(Duration grace) throws IOException {
    if (kept) {
      leave(grace);
    } else {
      close();
    }
  }

  /// Unmounts, and ends whoever holds it.
  @Override
  public void close() throws IOException {
    try {
      session.close();
    } finally {
      keeper.release();
      memory.close();
    }
  }
}
