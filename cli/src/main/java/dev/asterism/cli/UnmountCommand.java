package dev.asterism.cli;

import dev.asterism.cli.handover.RootMounts;
import dev.asterism.cli.mount.MountedImage;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism unmount`: ends what `asterism mount` began, or what a daemon has left.
@Command(
    name = "unmount",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Unmounts an image; the process that serves it ends. Its chunks stay on disk.",
      "With --all: unmounts what a daemon that has ended left mounted for the next one."
    })
final class UnmountCommand implements Callable<Integer> {
  @ArgGroup(multiplicity = "1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private What what;

  @Option(
      names = {"-l", "--lazy"},
      description = "even if files in it are open: they go on being read as far as they are there")
  private boolean lazy;

  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "with --all: the daemon's root (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  @Spec private CommandSpec spec = CommandSpec.create();

  /// One of the two.
  private static final class What {
    @Parameters(paramLabel = "DIR", description = "where 'asterism mount' has mounted it")
    @SuppressWarnings("NullAway.Init") // picocli sets it, unless it sets the other
    private Path directory;

    @Option(
        names = "--all",
        description = {
          "the gate and all metadata of a daemon that has ended: containers that still run",
          "lose what they have not read"
        })
    private boolean all;
  }

  @Override
  public Integer call() throws Exception {
    if (what.all) {
      int count = RootMounts.unmountAll(root.toRealPath());
      spec.commandLine().getOut().printf("%d unmounted%n", count);
      return ExitCode.OK;
    }
    Path mountpoint = what.directory.toRealPath();
    if (!MountedImage.isMounted(mountpoint)) {
      throw new IOException("no image is mounted on " + mountpoint);
    }
    Mounts.unmount(mountpoint, lazy ? Mounts.MNT_DETACH : 0);
    return ExitCode.OK;
  }
}
