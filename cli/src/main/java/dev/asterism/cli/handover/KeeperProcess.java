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
      while bare grep -qF " $1" /proc/self/mountinfo; do
        bare sleep 60
      done
      """;

  /// What is mounted below a root may only be about to be.
  private static final String PATIENT_SCRIPT =
      SCRIPT.replace("while bare", "bare sleep 60\nwhile bare");

  private static final String GATE = "keeper";
  private static final String LOGINS = "keeper-logins";

  private final Path root;
  private final KeeperFile file;

  private KeeperProcess(Path root, String name) {
    this.root = root;
    this.file = new KeeperFile(root, name);
  }

  /// The one that holds a gate.
  ///
  /// @param root where the gate is
  public static KeeperProcess ofGate(Path root) {
    return new KeeperProcess(root, GATE);
  }

  /// The one that holds what kubelet pulled with.
  ///
  /// @param root the daemon's
  public static KeeperProcess ofLogins(Path root) {
    return new KeeperProcess(root, LOGINS);
  }

  /// Returns what the keeper of a former process holds; empty if there is none.
  Optional<Kept> take() {
    return Kept.of(takeAll());
  }

  /// Returns the descriptors that the keeper of a former process holds, in order; none if there is
  /// no keeper.
  List<Fd> takeAll() {
    List<Fd> taken = new ArrayList<>();
    try (OtherProcess keeper = find().orElse(null)) {
      if (keeper == null) {
        return List.of();
      }
      int count = file.read().orElseThrow().descriptors();
      for (int i = 0; i < count; i++) {
        taken.add(keeper.descriptor(Spawn.FIRST + i));
      }
      return taken;
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "the keeper of {0} gives nothing cause={1}", root, e.getMessage());
      taken.forEach(Fd::close);
      return List.of();
    }
  }

  /// Starts a keeper of a gate, for as long as that is mounted.
  ///
  /// @param device of the mount, as `/proc/self/mountinfo` shows it
  /// @throws IOException if it cannot be started, or its descriptors could not be taken back later
  void keep(Kept kept, String device) throws IOException {
    start(SCRIPT, kept.all(), device + " / "); // the device and the root of the mount, proc(5)
  }

  /// Starts a keeper of one descriptor, for as long as anything is mounted below the root, and for
  /// a minute in any case.
  ///
  /// @throws IOException as of the other
  void keepWhileMounted(Fd descriptor) throws IOException {
    start(PATIENT_SCRIPT, List.of(descriptor), inTable(root) + "/");
  }

  /// Returns a path as the table of mounts has it (proc(5): octal escapes).
  private static String inTable(Path path) {
    return path.toString()
        .replace("\\", "\\134")
        .replace(" ", "\\040")
        .replace("\t", "\\011")
        .replace("\n", "\\012");
  }

  private void start(String script, List<Fd> descriptors, String mount) throws IOException {
    if (descriptors.size() > MOST) {
      throw new IOException("%d descriptors are too many to keep".formatted(descriptors.size()));
    }
    List<String> words =
        List.of("/bin/sh", "-c", script, "asterism-keeper", mount, root.toString());
    int pid = Spawn.detached(words, descriptors);
    try (OtherProcess keeper = OtherProcess.open(pid);
        Fd _ = keeper.descriptor(Spawn.FIRST)) {
      file.write(KeeperFile.Entry.of(pid, keeper.startTime(), descriptors.size()));
      LOGGER.log(Level.DEBUG, "keeper started pid={0,number,#} mount={1}", pid, mount);
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
