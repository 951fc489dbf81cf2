package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.FlatJson;
import java.io.PrintWriter;
import java.util.Optional;
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
  @Mixin private final DaemonOption daemon = new DaemonOption();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    StoreContent content = store.read();
    Optional<AdminClient> running = daemon.daemonOf(store.root());
    Optional<String> counters = Optional.empty();
    if (running.isPresent()) {
      counters = Optional.of(running.get().get("/v1/cache/counters").strip());
    }
    Optional<String> counted = counters;
    PrintWriter out = spec.commandLine().getOut();
    if (json.isSet()) {
      out.print(
          ContentJson.document(document -> {
            document.writeStartObject();
            ContentJson.totals(document, content);
            counted.ifPresent(daemonSays -> {
              document.writeName("daemon");
              document.writeRawValue(daemonSays);
            });
            document.writeEndObject();
          }));
    } else {
      out.print(ContentText.totals(content));
      out.print(
          counters.isPresent()
              ? CountersText.text(FlatJson.parse(counters.get()))
              : "no daemon answers: what it counts is not shown\n");
    }
    out.flush();
    return ExitCode.OK;
  }
}
