package dev.asterism.cli;

import dev.asterism.cli.demo.Demo;
import dev.asterism.cli.demo.LinkSpeed;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism demo`: a container that starts before its image has arrived.
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description =
        "Starts one image behind a slow link with containerd's overlayfs and with Asterism, side"
            + " by side. Needs root, containerd, runc and ctr-remote; leaves nothing behind but the"
            + " picture of what the two versions share.")
final class DemoCommand implements Callable<Integer> {
  @Option(
      names = "--link",
      paramLabel = "BANDWIDTH,ROUND-TRIP",
      defaultValue = "200mbit,20ms",
      description = "the link to the registry (default: ${DEFAULT-VALUE})")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private LinkSpeed link;

  @Option(
      names = "--map",
      paramLabel = "FILE",
      defaultValue = "dist/sharing.svg",
      description = "where the picture goes (default: ${DEFAULT-VALUE})")
  private Path map = Path.of("dist/sharing.svg");

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    Progress progress = Progress.onStandardError();
    try {
      String table = new Demo(OwnProgram.words(), link, map, progress::step).run();
      progress.done();
      PrintWriter out = spec.commandLine().getOut();
      out.print(table);
      out.flush();
      return ExitCode.OK;
    } finally {
      progress.done();
    }
  }
}
