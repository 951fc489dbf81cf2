package dev.asterism.cli;

import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.ImageTransfer;
import dev.asterism.images.Platforms;
import dev.asterism.images.TransferOptions;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.RegistryClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism copy`, `pull` and `push`: an image as it is, from anywhere to anywhere.
@Command(
    name = "copy",
    aliases = {"pull", "push"},
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Copies an image as it is; an index with all its images, unless a platform is named.",
      "SRC and DST are registry references, oci:DIR[:TAG], oci-archive:FILE[:TAG] or",
      "containerd:NAME; SRC may be docker-archive:FILE as well. What is there already is not sent"
          + " again."
    })
final class CopyCommand implements Callable<Integer> {
  private static final int BLOBS_AT_ONCE = 4;

  @Parameters(index = "0", paramLabel = "SRC", description = "e.g. oci:folder:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation from;

  @Parameters(index = "1", paramLabel = "DST", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation to;

  @Option(names = "--oci", description = "OCI's media types in place of Docker's")
  private boolean oci;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final LoginOptions login = new LoginOptions();
  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  /// containerd has of an index what was pulled: usually this machine's image.
  private Platforms usual() {
    return from instanceof ImageLocation.InNodeStore ? ImageOptions.hosts() : new Platforms.All();
  }

  @Override
  public Integer call() throws Exception {
    TransferOptions transfer = new TransferOptions(options.platforms(usual()), oci, BLOBS_AT_ONCE);
    TransferReport report =
        new TransferReport(
            Progress.onStandardError(), spec.commandLine().getOut(), json, Terminal.showsErrors());
    try (OrderlyEnd end = OrderlyEnd.open();
        RegistryClient client = options.client(spec, login.credentials(spec, from, to));
        ImageSource source = end.during(() -> from.source(options.places(client)));
        ImageSink sink = to.sink(options.places(client))) {
      Descriptor root = end.during(() -> ImageTransfer.copy(source, sink, transfer, report));
      report.done(root, to.toString());
    }
    return ExitCode.OK;
  }
}
