package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism cache export`: everything that the other commands show, in one document.
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Prints totals, images, layers and every combination of sharing layers as JSON.")
final class ExportCommand implements Callable<Integer> {
  @Mixin private final StoreOptions store = new StoreOptions();

  @Option(names = "--json", required = true, description = "the format: there is one so far")
  @SuppressWarnings("UnusedVariable") // to be named by who wants it, so that others can come
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    out.print(ExportJson.text(store.read()));
    out.flush();
    return ExitCode.OK;
  }
}
