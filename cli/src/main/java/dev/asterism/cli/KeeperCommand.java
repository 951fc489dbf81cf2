package dev.asterism.cli;

import dev.asterism.cli.handover.KeeperProcess;
import dev.asterism.cli.handover.RootMounts;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism keeper`: who holds a daemon's mount while no daemon runs.
@Command(
    name = "keeper",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Says which processes hold what a daemon needs to go on with after it has ended: the FUSE",
      "connection of running containers, and what kubelet pulled with. A daemon starts them itself,",
      "a /bin/sh each, where systemd does not keep descriptors; they end by themselves a minute after",
      "the mounts are gone, and with 'asterism unmount --all'."
    })
final class KeeperCommand implements Callable<Integer> {
  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "the daemon's root (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Path real = root.toRealPath();
    Path namespaces = real.resolve(RootMounts.NAMESPACES);
    if (Files.isDirectory(namespaces)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(namespaces)) {
        for (Path namespace : entries) {
          say(out, "the mount", namespace, KeeperProcess.ofGate(namespace).pid());
        }
      }
    } else {
      say(out, "the mount", real, KeeperProcess.ofGate(real).pid());
    }
    say(out, "what kubelet pulled with", real, KeeperProcess.ofLogins(real).pid());
    out.flush();
    return ExitCode.OK;
  }

  private static void say(PrintWriter out, String what, Path where, Optional<Integer> pid) {
    out.printf(
        "%s: %s of %s%n",
        pid.map(number -> "process " + number + " holds")
            .orElse("no process holds (systemd may, or there is nothing to hold)"),
        what,
        where);
  }
}
