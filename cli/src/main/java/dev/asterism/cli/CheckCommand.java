package dev.asterism.cli;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.images.ImageCheck;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.images.Platforms;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/// `asterism check`: whether an image's layers are what they say, read whole and chunk by chunk.
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = {
      "Reads every layer of an image, as a tar and chunk by chunk, and says what is wrong with it",
      "and what a lazy reader would suffer from. Exit code 1 if something is wrong."
    })
final class CheckCommand implements Callable<Integer> {
  @Parameters(paramLabel = "IMAGE", description = "a reference, oci:DIR[:TAG], oci-archive:FILE …")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation image;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Platforms platforms = options.platforms(ImageOptions.hosts());
    try (RegistryClient client = options.client(spec);
        ImageSource source = image.source(options.places(client))) {
      List<ImageCheck> checks = ImageCheck.of(source, platforms);
      for (ImageCheck check : checks) {
        if (json) {
          check.layers().forEach(layer -> out.println(line(check, layer)));
        } else {
          print(check, checks.size() > 1, out);
        }
      }
      out.flush();
      return checks.stream().allMatch(ImageCheck::isRight) ? ExitCode.OK : ExitCode.FAILURE;
    }
  }

  private static void print(ImageCheck check, boolean oneOfSeveral, PrintWriter out) {
    if (oneOfSeveral) {
      out.println("image %s  %s".formatted(check.manifest(), platform(check)));
    }
    for (ImageCheck.Layer layer : check.layers()) {
      boolean good = layer.wrong().isEmpty() && layer.suffering().isEmpty();
      out.println("layer %s%s".formatted(layer.digest(), good ? "  good" : ""));
      layer.wrong().forEach(text -> out.println("  wrong: " + text));
      layer.suffering().forEach(text -> out.println("  slow: " + text));
    }
  }

  private static String platform(ImageCheck check) {
    return check.platform().map(Platform::toString).orElse("-");
  }

  private static String line(ImageCheck check, ImageCheck.Layer layer) {
    return ContentJson.line(line -> {
      line.writeStartObject();
      line.writeStringProperty("manifest", check.manifest().toString());
      line.writeStringProperty("platform", platform(check));
      line.writeStringProperty("layer", layer.digest().toString());
      texts(line, "wrong", layer.wrong());
      texts(line, "slow", layer.suffering());
      line.writeEndObject();
    });
  }

  private static void texts(JsonGenerator line, String name, List<String> texts) {
    line.writeArrayPropertyStart(name);
    texts.forEach(line::writeString);
    line.writeEndArray();
  }
}
