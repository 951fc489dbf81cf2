package dev.asterism.fuse;

import dev.asterism.fuse.wire.OpenOut;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.Fd;
import dev.asterism.linux.FuseDevice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// Decides which way the open files of each node go, and holds the registered backing files.
///
/// The kernel keeps one mode per inode (`fs/fuse/iomode.c`): while a handle reads through the page
/// cache, opening another in passthrough mode fails with EIO, and the other way round; and all
/// passthrough handles of an inode name the same backing id. So the first handle of a node chooses,
/// and later ones follow until the last is released:
///
/// | handles open | wants cached | wants direct | wants passthrough |
/// | --- | --- | --- | --- |
/// | none | cached | direct | passthrough, newly registered |
/// | cached or direct | cached | direct | cached |
/// | passthrough | passthrough, same id | passthrough, same id | passthrough, same id |
///
/// The kernel ends a handle before it sends RELEASE, so what is counted here is never less than
/// what the kernel has.
///
/// The kernel keeps handles and registered files when the process dies, so the modes are in a
/// [NodeLedger], too: the handles of a node and its backing id. What a kill can leave there is one
/// handle too many, and then the node keeps its way for as long as the mount lives. Thread-safe.
final class OpenModes {
  private static final Logger LOG = System.getLogger(OpenModes.class.getName());

  /// Handles of a node in one mode; `backingId` is 0 in cached mode.
  private record Mode(int handles, int backingId) {
    boolean passthrough() {
      return backingId != 0;
    }

    NodeLedger.Row row() {
      return new NodeLedger.Row(handles, backingId, 0);
    }

    static Mode of(NodeLedger.Row row) {
      return new Mode((int) row.a(), (int) row.b());
    }

    Mode plus(int change) {
      return new Mode(handles + change, backingId);
    }
  }

  private final FuseDevice device;
  private final boolean enabled;
  private final NodeLedger ledger;
  private final ConcurrentMap<Long, Mode> modes = new ConcurrentHashMap<>();
  private final AtomicBoolean refusalLogged = new AtomicBoolean();

  /// @param enabled whether passthrough was negotiated
  /// @param ledger of this connection; what a former process left in it still holds
  OpenModes(FuseDevice device, boolean enabled, NodeLedger ledger) {
    this.device = device;
    this.enabled = enabled;
    this.ledger = ledger;
    ledger.rows().forEach((node, row) -> modes.put(node, Mode.of(row)));
  }

  /// Counts a handle that the file system opened, and returns what to tell the kernel.
  OpenOut open(long node, Opened opened) {
    Mode mode =
        modes.compute(
            node,
            (_, now) -> {
              Mode next = now != null ? now.plus(1) : new Mode(1, register(opened));
              ledger.put(node, next.row());
              return next;
            });
    if (mode.passthrough()) {
      return new OpenOut(opened.handle(), OpenOut.PASSTHROUGH, mode.backingId());
    }
    int flags =
        switch (opened) {
          case Opened.Direct _ -> OpenOut.DIRECT_IO;
          case Opened.Cached _, Opened.Passthrough _ -> OpenOut.KEEP_CACHE;
        };
    return new OpenOut(opened.handle(), flags | OpenOut.NOFLUSH, 0);
  }

  /// Uncounts a handle of the node.
  void release(long node) {
    modes.computeIfPresent(
        node,
        (_, now) -> {
          if (now.handles() > 1) {
            Mode next = now.plus(-1);
            ledger.put(node, next.row());
            return next;
          }
          ledger.remove(node);
          if (now.passthrough()) {
            unregister(now.backingId());
          }
          return null;
        });
  }

  /// Returns how many files are registered: they count against no limit of the process.
  int backingFiles() {
    return (int) modes.values().stream().filter(Mode::passthrough).count();
  }

  /// Returns the backing id of the first handle of a node, or 0 for the page cache.
  private int register(Opened opened) {
    return backing(opened).map(this::register).orElse(0);
  }

  private Optional<Fd> backing(Opened opened) {
    return switch (opened) {
      case Opened.Passthrough(_, Fd backing) when enabled -> Optional.of(backing);
      case Opened.Passthrough _, Opened.Cached _, Opened.Direct _ -> Optional.empty();
    };
  }

  private int register(Fd backing) {
    try {
      return device.openBacking(backing);
    } catch (ErrnoException e) {
      if (!refusalLogged.getAndSet(true)) {
        LOG.log(Level.WARNING, "files are not passed through, but read by request", e);
      }
      return 0;
    }
  }

  private void unregister(int backingId) {
    try {
      device.closeBacking(backingId);
    } catch (ErrnoException e) {
      // EBADF: the session has ended, and its connection took the file with it.
      LOG.log(Level.DEBUG, "backing=" + backingId, e);
    }
  }
}
