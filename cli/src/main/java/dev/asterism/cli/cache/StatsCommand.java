package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `asterism cache stats`: the store in figures.
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Prints how much the store holds and how much sharing saves.")
final class StatsCommand implements Callable<Integer> {
  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    StoreContent content = store.read();
    PrintWriter out = spec.commandLine().getOut();
    if (json.isSet()) {
      out.print(
          ContentJson.document(document -> {
            document.writeStartObject();
            ContentJson.totals(document, content);
            document.writeEndObject();
          }));
    } else {
      out.print(ContentText.totals(content));
    }
    out.flush();
    return ExitCode.OK;
  }
}
