package dev.asterism.cli.optimize;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Takes away what a trial left in its folder: the container, its mounts, the files.
///
/// A shell of its own session does it when this process is gone, however that ended: it waits for
/// the end of a pipe that nobody writes to.
final class Leftovers implements AutoCloseable {
  /// What the folders of trials are called, which the script insists on.
  static final String PREFIX = "asterism-optimize-";

  /// Longest that the removal of a former trial's leftovers may take.
  private static final int MINUTES = 2;

  /// Ends the container, unmounts the latest mount first, and removes the folder on its own file
  /// system only.
  private static final String CLEAN =
      """
      [ -d "$1" ] || exit 0
      case $1 in /*/asterism-optimize-*) ;; *) exit 1 ;; esac
      PATH=$PATH:/usr/sbin:/sbin
      if [ -d "$1/runc" ]; then
        runc --root "$1/runc" kill --all "$2" KILL
        runc --root "$1/runc" delete --force "$2"
      fi
      below() {
        while read -r _ _ _ _ where _; do
          where=$(printf '%b' "$where")
          case $where in "$1"/*) printf '%s\\n' "$where" ;; esac
        done < /proc/self/mountinfo
      }
      for round in 1 2 3; do
        below "$1" | tac | while IFS= read -r where; do umount -l "$where"; done
      done
      [ -z "$(below "$1")" ] && rm -rf --one-file-system "$1"
      """;

  private final Process shell;
  private final OutputStream pipe;

  private Leftovers(Process shell) {
    this.shell = shell;
    pipe = shell.getOutputStream();
  }

  /// Starts to watch over a folder.
  ///
  /// @throws IOException if there is no shell
  static Leftovers watch(Path folder) throws IOException {
    // Ctrl-C is for the trial; and what it waits for is not this script's to read.
    return new Leftovers(start("trap '' HUP INT TERM; cd /; cat > /dev/null\n" + CLEAN, folder));
  }

  /// Takes away what a former process left.
  static void remove(Path folder) throws IOException, InterruptedException {
    Process ran = start("cd /\n" + CLEAN, folder);
    ran.getOutputStream().close();
    if (!ran.waitFor(MINUTES, TimeUnit.MINUTES) || ran.exitValue() != 0) {
      ran.destroyForcibly();
      throw new IOException("what a former run left in %s can't be removed".formatted(folder));
    }
  }

  private static Process start(String script, Path folder) throws IOException {
    List<String> words =
        List.of(
            "setsid", "sh", "-c", script, "asterism-leftovers", folder.toString(), Container.ID);
    return new ProcessBuilder(words)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /// Lets it look now, and waits a moment for its end.
  @Override
  public void close() throws IOException {
    pipe.close();
    try {
      boolean _ = shell.waitFor(1, TimeUnit.MINUTES);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // it goes on by itself
    }
  }
}
