package dev.asterism.cli;

import dev.asterism.cli.mount.MountedImage;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `asterism unmount`: ends what `asterism mount` began.
@Command(
    name = "unmount",
    mixinStandardHelpOptions = true,
    description = "Unmounts an image; the process that serves it ends. Its chunks stay on disk.")
final class UnmountCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "where 'asterism mount' has mounted it")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private Path directory;

  @Option(
      names = {"-l", "--lazy"},
      description = "even if files in it are open: they go on being read as far as they are there")
  private boolean lazy;

  @Override
  public Integer call() throws Exception {
    Path mountpoint = directory.toRealPath();
    if (!MountedImage.isMounted(mountpoint)) {
      throw new IOException("no image is mounted on " + mountpoint);
    }
    Mounts.unmount(mountpoint, lazy ? Mounts.MNT_DETACH : 0);
    return ExitCode.OK;
  }
}
