package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import dev.asterism.cli.admin.client.FlatJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism cache pin`: an image whose chunks are kept, however full the disk is.
@Command(
    name = "pin",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Keeps what the store has of an image, whatever room is needed; without an image lists those"
          + " that are kept."
    })
final class PinCommand implements Callable<Integer> {
  @Parameters(arity = "0..1", paramLabel = "IMAGE", description = "as 'asterism cache ls' names it")
  private Optional<String> image = Optional.empty();

  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final DaemonOption daemon = new DaemonOption();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    if (image.isPresent()) {
      daemon.tend(
          store,
          tending -> {
            tending.pin(image.get());
            return true;
          });
      out.println(image.get() + " is pinned");
    } else {
      String pins = daemon.tend(store, Tending::pins);
      out.print(json.isSet() ? pins.strip() + "\n" : table(pins));
    }
    out.flush();
    return ExitCode.OK;
  }

  private static String table(String pins) throws IOException {
    FlatJson found = FlatJson.parse(pins);
    TextTable table = new TextTable("ll", "PINNED", "SINCE");
    for (int i = 0; found.text("pins/%d/image".formatted(i)).isPresent(); i++) {
      table.add(
          found.text("pins/%d/image".formatted(i)).orElse(""),
          found.text("pins/%d/since".formatted(i)).orElse(""));
    }
    return table.toString();
  }
}
