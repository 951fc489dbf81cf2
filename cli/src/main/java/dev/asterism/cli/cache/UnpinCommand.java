package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism cache unpin`: an image that is kept no longer.
@Command(
    name = "unpin",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Lets a pinned image's chunks go when room is needed.")
final class UnpinCommand implements Callable<Integer> {
  @Parameters(paramLabel = "IMAGE", description = "as it was pinned")
  private String image = "";

  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final DaemonOption daemon = new DaemonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    daemon.tend(
        store,
        tending -> {
          tending.unpin(image);
          return true;
        });
    PrintWriter out = spec.commandLine().getOut();
    out.println(image + " is no longer pinned");
    out.flush();
    return ExitCode.OK;
  }
}
