package dev.asterism.cli;

import dev.asterism.cli.inspect.Inspection;
import dev.asterism.cli.inspect.LayerFigures;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism inspect`: an image's layers, from their TOCs alone.
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "Shows an image's layers and what of them is shared; reads their TOCs only.")
final class InspectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "IMAGE", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageReference image;

  @Option(
      names = {"-r", "--root"},
      paramLabel = "DIR",
      defaultValue = "/var/lib/asterism",
      description = "store to compare with (default: ${DEFAULT-VALUE})")
  private Path root = Path.of("/var/lib/asterism");

  @Mixin private final RegistryOptions registry = new RegistryOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    Progress progress = Progress.onStandardError();
    PrintWriter out = spec.commandLine().getOut();
    try (RegistryClient client = registry.client(spec)) {
      progress.step("resolving " + image);
      Image resolved = client.resolve(image, registry.platform());
      List<Inspection.Layer> layers = new Inspection(client, root, progress::step).layers(resolved);
      progress.done();
      out.println("%s  %s".formatted(image, registry.platform()));
      out.println("manifest " + resolved.manifestDigest());
      layers.forEach(layer -> print(layer, out));
      printSum(layers, out);
      out.flush();
    }
    return ExitCode.OK;
  }

  private void print(Inspection.Layer layer, PrintWriter out) {
    out.println();
    out.println("layer " + layer.descriptor().digest());
    String compressed = size(layer.descriptor().size()) + " compressed";
    Optional<LayerFigures> found = layer.figures();
    if (found.isEmpty()) {
      out.println("  %s, no TOC: is pulled whole before a container starts".formatted(compressed));
      return;
    }
    LayerFigures figures = found.get();
    String trust = figures.verified() ? "" : ", not pinned by the manifest";
    out.println("  %s, TOC %s%s".formatted(compressed, size(figures.tocSize()), trust));
    out.println(
        "  %d files, %d directories, %d links, %d others"
            .formatted(figures.files(), figures.directories(), figures.links(), figures.others()));
    out.println(
        "  %s in %d chunks; %s shared with layers below, %s in the store"
            .formatted(
                size(figures.bytes()),
                figures.chunks(),
                size(figures.sharedBelow()),
                size(figures.inStore())));
  }

  private void printSum(List<Inspection.Layer> layers, PrintWriter out) {
    long compressed = layers.stream().mapToLong(layer -> layer.descriptor().size()).sum();
    long bytes = sum(layers, LayerFigures::bytes);
    long shared = sum(layers, LayerFigures::sharedBelow);
    long stored = sum(layers, LayerFigures::inStore);
    out.println();
    out.println(
        "%d layers, %s compressed, %s in %d chunks; to keep: %s, of which %s in %s"
            .formatted(
                layers.size(),
                size(compressed),
                size(bytes),
                sum(layers, LayerFigures::chunks),
                size(bytes - shared),
                size(stored),
                root));
  }

  private static long sum(List<Inspection.Layer> layers, ToLongFunction<LayerFigures> figure) {
    return layers.stream().flatMap(layer -> layer.figures().stream()).mapToLong(figure).sum();
  }

  private static String size(long bytes) {
    if (bytes < 1_000_000) {
      return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
    }
    return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
