package dev.asterism.cli;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.images.ImageDiff;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/// `asterism diff`: what a second version costs a node that has the first.
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    description = {
      "Compares two eStargz images by their TOCs: which files differ, and what the second would",
      "cost a node that holds the first."
    })
final class DiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "A", description = "what the node has")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation first;

  @Parameters(index = "1", paramLabel = "B", description = "what it gets")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation second;

  @Option(
      names = {"-f", "--files"},
      description = "name the files, not only how many")
  private boolean files;

  @Option(names = "--json", description = "tell programs: one JSON object")
  private boolean json;

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Platform platform = options.onePlatform(spec);
    try (RegistryClient client = options.client(spec);
        ImageSource before = first.source(options.places(client));
        ImageSource after = second.source(options.places(client))) {
      ImageDiff diff = ImageDiff.of(before, after, platform);
      if (json) {
        out.println(line(diff));
        out.flush();
        return ExitCode.OK;
      }
      if (files) {
        list("+", diff.added(), out);
        list("-", diff.removed(), out);
        list("~", diff.changed(), out);
      }
      out.println(
          "%d files added, %d removed, %d changed"
              .formatted(diff.added().size(), diff.removed().size(), diff.changed().size()));
      out.println(
          String.format(
              Locale.ROOT,
              "new to a node that has the first: %d chunks, %.1f MB; at most %.1f MB of %.1f MB to"
                  + " fetch",
              diff.newChunks(),
              diff.newBytes() / 1e6,
              diff.newCompressed() / 1e6,
              diff.allCompressed() / 1e6));
    }
    out.flush();
    return ExitCode.OK;
  }

  private String line(ImageDiff diff) {
    return ContentJson.line(line -> {
      line.writeStartObject();
      names(line, "added", diff.added());
      names(line, "removed", diff.removed());
      names(line, "changed", diff.changed());
      line.writeNumberProperty("newChunks", diff.newChunks());
      line.writeNumberProperty("newBytes", diff.newBytes());
      line.writeNumberProperty("fetchedBytes", diff.newCompressed());
      line.writeNumberProperty("allBytes", diff.allCompressed());
      line.writeEndObject();
    });
  }

  /// How many, or with `--files` which.
  private void names(JsonGenerator line, String property, List<String> names) {
    if (files) {
      line.writeArrayPropertyStart(property);
      names.forEach(line::writeString);
      line.writeEndArray();
    } else {
      line.writeNumberProperty(property, names.size());
    }
  }

  private static void list(String sign, List<String> names, PrintWriter out) {
    names.forEach(name -> out.println(sign + " " + name.replaceAll("\\p{Cntrl}", "?")));
  }
}
