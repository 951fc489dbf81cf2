package dev.asterism.cli.handover;

import dev.asterism.layers.MountKeeper.Kept;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.Fd;
import dev.asterism.linux.OtherProcess;
import dev.asterism.linux.Spawn;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A shell that holds the descriptors and does nothing: 1 MB that survives the daemon.
///
/// It is no child that anybody has to find: who may read the root reads its number there
/// ([KeeperFile]), and takes the descriptors out of it by `pidfd_getfd(2)`, for which it must be
/// root. It looks once a minute whether the mount is still there and ends when it is not, so nobody
/// has to end it.
///
/// Thread-safe; one process at a time serves a root, so nobody else writes the file.
public final class KeeperProcess {
  private static final Logger LOGGER = System.getLogger(KeeperProcess.class.getName());

  /// What the shell can name with one digit: 3 to 9.
  private static final int MOST = 7;

  /// Its children get none of the descriptors: killing it ends the connection at once. They are
  /// subshells, because a shell may move its own descriptors away while it starts a command.
  private static final String SCRIPT =
      """
      trap '' HUP INT
      cd /
      bare() (
        exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
        exec "$@"
      )
      while bare grep -q " $1 / " /proc/self/mountinfo; do
        bare sleep 60
      done
      """;

  private final Path root;
  private final KeeperFile file;

  /// @param root the daemon's
  public KeeperProcess(Path root) {
    this.root = root;
    this.file = new KeeperFile(root);
  }

  /// Returns what the keeper of a former process holds; empty if there is none.
  Optional<Kept> take() {
    List<Fd> taken = new ArrayList<>();
    try (OtherProcess keeper = find().orElse(null)) {
      if (keeper == null) {
        return Optional.empty();
      }
      int count = file.read().orElseThrow().descriptors();
      for (int i = 0; i < count; i++) {
        taken.add(keeper.descriptor(Spawn.FIRST + i));
      }
      return Kept.of(taken);
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING, "the keeper of {0} gives nothing cause={1}", root, e.getMessage());
      taken.forEach(Fd::close);
      return Optional.empty();
    }
  }

  /// Starts a keeper.
  ///
  /// @param device of the mount, as `/proc/self/mountinfo` shows it
  /// @throws IOException if it cannot be started, or its descriptors could not be taken back later
  void keep(Kept kept, String device) throws IOException {
    List<Fd> descriptors = kept.all();
    if (descriptors.size() > MOST) {
      throw new IOException("%d descriptors are too many to keep".formatted(descriptors.size()));
    }
    List<String> words =
        List.of("/bin/sh", "-c", SCRIPT, "asterism-keeper", device, root.toString());
    int pid = Spawn.detached(words, descriptors);
    try (OtherProcess keeper = OtherProcess.open(pid);
        Fd _ = keeper.descriptor(Spawn.FIRST)) {
      file.write(KeeperFile.Entry.of(pid, keeper.startTime(), descriptors.size()));
      LOGGER.log(Level.DEBUG, "keeper started pid={0,number,#} device={1}", pid, device);
    } catch (IOException e) {
      end(pid);
      throw new IOException("the keeper gives nothing back: " + e.getMessage(), e);
    }
  }

  /// Ends the keeper, and with it what nobody else holds. Does nothing if there is none.
  public void release() {
    try (OtherProcess keeper = find().orElse(null)) {
      if (keeper != null) {
        end(keeper.pid());
      }
      file.delete();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "the keeper of {0} stays cause={1}", root, e.getMessage());
    }
  }

  private static void end(int pid) throws ErrnoException {
    OtherProcess.killGroup(pid);
    Spawn.reap(pid);
  }

  /// Returns the process id of the keeper, if it runs.
  public Optional<Integer> pid() throws IOException {
    try (OtherProcess keeper = find().orElse(null)) {
      return Optional.ofNullable(keeper).map(OtherProcess::pid);
    }
  }

  /// Returns the process that the file names, if it runs and is the one that was started then.
  private Optional<OtherProcess> find() throws IOException {
    Optional<KeeperFile.Entry> entry = file.read();
    if (entry.isEmpty() || !entry.get().isOfThisBoot()) {
      return Optional.empty();
    }
    OtherProcess process;
    try {
      process = OtherProcess.open(entry.get().pid());
    } catch (ErrnoException e) {
      if (e.is(Errno.ESRCH)) {
        return Optional.empty();
      }
      throw e;
    }
    if (process.startTime() == entry.get().start()) {
      return Optional.of(process);
    }
    process.close();
    return Optional.empty();
  }
}
