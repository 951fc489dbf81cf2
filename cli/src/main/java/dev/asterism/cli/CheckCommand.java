package dev.asterism.cli;

import dev.asterism.images.ImageCheck;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

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

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Platform platform = options.platform();
    try (RegistryClient client = options.client(spec);
        ImageSource source = image.source(options.places(client))) {
      ImageCheck check = ImageCheck.of(source, platform);
      for (ImageCheck.Layer layer : check.layers()) {
        boolean good = layer.wrong().isEmpty() && layer.suffering().isEmpty();
        out.println("layer %s%s".formatted(layer.digest(), good ? "  good" : ""));
        layer.wrong().forEach(text -> out.println("  wrong: " + text));
        layer.suffering().forEach(text -> out.println("  slow: " + text));
      }
      out.flush();
      return check.isRight() ? ExitCode.OK : ExitCode.FAILURE;
    }
  }
}
