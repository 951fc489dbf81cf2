package dev.asterism.cli.cache;

import dev.asterism.cli.ExitCode;
import dev.asterism.content.Digest;
import dev.asterism.snapshotter.ImageLayers;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism cache ls`: what each image or layer has, shares, and would free.
@Command(
    name = "ls",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Lists the images in the store: what is on disk for each, what of it no other image has,"
          + " what removing the image frees (exactly, once the store is cleaned), and with whom it"
          + " shares.",
      "With an image: its layers. An image's name is the one that its layers were first pulled by."
    })
final class ListCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "IMAGE",
      description = "list this image's layers, lowest first")
  private Optional<String> image = Optional.empty();

  @Option(names = "--layers", description = "list the layers of all images")
  private boolean layers;

  @Mixin private final StoreOptions store = new StoreOptions();
  @Mixin private final JsonOption json = new JsonOption();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    StoreContent content = store.read();
    PrintWriter out = spec.commandLine().getOut();
    if (layers || image.isPresent()) {
      List<Holding> chosen = chosen(content);
      out.print(
          json.isSet()
              ? object(document -> ContentJson.layers(document, content, chosen))
              : ContentText.layers(content, chosen));
    } else {
      Sharing sharing = content.byImage();
      out.print(
          json.isSet()
              ? object(document -> ContentJson.images(document, sharing))
              : ContentText.images(sharing));
    }
    out.flush();
    return ExitCode.OK;
  }

  /// Returns the layers to be shown, largest first, or an image's from below.
  private List<Holding> chosen(StoreContent content) throws IOException {
    List<Holding> all = content.byLayer().holdings();
    if (image.isEmpty()) {
      return all.stream()
          .sorted(Comparator.comparingLong(holding -> -holding.content().stored()))
          .toList();
    }
    List<Digest> order = layersOf(image.get(), content);
    return all.stream()
        .filter(holding -> order.contains(holding.holder().layers().getFirst()))
        .sorted(
            Comparator.comparingInt(holding -> order.indexOf(holding.holder().layers().getFirst())))
        .toList();
  }

  private static List<Digest> layersOf(String name, StoreContent content) throws IOException {
    return content.images().stream()
        .filter(image -> image.image().equals(name))
        .map(ImageLayers::layers)
        .findFirst()
        .orElseThrow(() ->
            new IOException(
                "no image %s in %s: 'asterism cache ls' lists them"
                    .formatted(name, content.root())));
  }

  private static String object(ContentJson.Body fields) {
    return ContentJson.document(json -> {
      json.writeStartObject();
      fields.write(json);
      json.writeEndObject();
    });
  }
}
