package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism cache map`: one picture of which images share what.
@Command(
    name = "map",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Draws which images share what, as an SVG that any browser shows.")
final class MapCommand implements Callable<Integer> {
  @Parameters(paramLabel = "OUT.svg", description = "the file to write; replaced if it is there")
  private Path file = Path.of("map.svg");

  @Mixin private final StoreOptions store = new StoreOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    Sharing sharing = store.read().byImage();
    Files.writeString(file, SharingMap.svg(sharing), StandardCharsets.UTF_8);
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "%s: %d images and layers".formatted(file.toAbsolutePath(), sharing.holdings().size()));
    out.flush();
    return ExitCode.OK;
  }
}
