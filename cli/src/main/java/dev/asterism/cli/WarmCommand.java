package dev.asterism.cli;

import dev.asterism.cli.warm.Rehearsal;
import dev.asterism.cli.warm.WarmCode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `asterism warm`: lets the next start begin with warm code.
@Command(
    name = "warm",
    mixinStandardHelpOptions = true,
    description =
        "Records a daemon at work on made-up images, so that later ones start with their classes"
            + " loaded and their hot code known. Once after installing, and after each update of"
            + " Java; needs root.")
final class WarmCommand implements Callable<Integer> {
  @Option(names = "--force", description = "also when the recording that is there fits")
  private boolean force;

  @Override
  public Integer call() throws Exception {
    WarmCode code =
        WarmCode.of(Asterism.class)
            .orElseThrow(() -> new IOException("only what runs from jars can be warmed"));
    if (force || !code.fits()) {
      Progress progress = Progress.onStandardError();
      try {
        progress.step("recording a daemon at work");
        new Rehearsal(code, OwnProgram.words()).run();
      } finally {
        progress.done();
      }
    }
    return ExitCode.OK;
  }
}
