package dev.asterism.cli;

import dev.asterism.containerd.LayerWords;
import dev.asterism.containerd.LazyPull;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism rpull`: an image for containerd whose layers a snapshotter fetches.
@Command(
    name = "rpull",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Pulls an image into containerd lazily: it gets manifests and config, the snapshotter"
          + " fetches",
      "the layers. A layer that the snapshotter does not take is pulled whole and unpacked."
    })
final class PullLazilyCommand implements Callable<Integer> {
  private static final String SKIP_VERIFY = "containerd.io/snapshot/remote/stargz.skipverify";

  @Parameters(paramLabel = "IMAGE", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageReference image;

  @Option(
      names = "--snapshotter",
      paramLabel = "NAME",
      defaultValue = "asterism",
      description = "containerd's name of the snapshotter (default: ${DEFAULT-VALUE})")
  private String snapshotter = "asterism";

  @Option(
      names = "--label",
      paramLabel = "KEY=VALUE",
      description = "of the image in containerd; may be given several times")
  private final Map<String, String> labels = new LinkedHashMap<>();

  @Option(
      names = "--skip-content-verify",
      description = "ask the snapshotter not to verify the layers' content")
  private boolean skipVerify;

  @Option(
      names = "--use-containerd-labels",
      description =
          "tell the snapshotter which layer is meant by containerd's labels, not stargz's")
  private boolean containerdLabels;

  @Option(names = "--ipfs", hidden = true)
  private boolean ipfs;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final LoginOptions login = new LoginOptions();
  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (ipfs) {
      throw new ParameterException(
          spec.commandLine(), "--ipfs is not there: images come from registries");
    }
    Platform platform = options.onePlatform(spec);
    ImageLocation place = new ImageLocation.InRegistry(image);
    PrintWriter out = spec.commandLine().getOut();
    Map<String, String> snapshotLabels = new TreeMap<>();
    if (skipVerify) {
      snapshotLabels.put(SKIP_VERIFY, "true");
    }
    LazyPull.Listener listener =
        (layer, lazy) -> {
          String word = lazy ? "lazy" : "unpacked";
          out.println(
              json
                  ? "{\"event\":\"%s\",\"layer\":\"%s\",\"size\":%d}"
                      .formatted(word, layer.digest(), layer.size())
                  : "%-9s %s".formatted(word, layer.digest()));
          out.flush();
        };
    try (OrderlyEnd end = OrderlyEnd.open();
        RegistryClient client = options.client(spec, login.credentials(spec, place));
        ImageSource source = end.during(() -> place.source(options.places(client)))) {
      LazyPull pull =
          new LazyPull(
              options.containerd(),
              new LazyPull.Options(
                  snapshotter,
                  containerdLabels ? LayerWords.CONTAINERD : LayerWords.STARGZ,
                  labels,
                  snapshotLabels),
              listener);
      Descriptor root = end.during(() -> pull.pull(image.toString(), source, platform));
      out.println(
          json
              ? "{\"event\":\"done\",\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
                  .formatted(root.mediaType(), root.digest(), root.size())
              : "%s  %s".formatted(root.digest(), image));
      out.flush();
    }
    return ExitCode.OK;
  }
}
