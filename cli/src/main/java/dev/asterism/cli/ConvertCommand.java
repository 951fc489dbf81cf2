package dev.asterism.cli;

import dev.asterism.images.Converter;
import dev.asterism.images.FileOrder;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.TransferOptions;
import dev.asterism.images.Uncompression;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.RegistryClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism convert`: an image whose layers can be read in pieces.
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Makes an eStargz or zstd:chunked image of any image: gzip, zstd, uncompressed or lazy",
      "layers. With --uncompress, one of plain tars.",
      "SRC and DST are registry references, oci:DIR[:TAG], oci-archive:FILE[:TAG] or",
      "containerd:NAME; SRC may be docker-archive:FILE as well."
    })
final class ConvertCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "SRC", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation from;

  @Parameters(index = "1", paramLabel = "DST", description = "e.g. registry.example/app:1-esgz")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation to;

  @Option(
      names = "--rebuild",
      description = "convert layers that are eStargz already, and do not look for earlier results")
  private boolean rebuild;

  @Option(
      names = "--uncompress",
      description = "make plain tars of the layers, and nothing lazy; diff IDs stay")
  private boolean uncompress;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final ConversionOptions conversion = new ConversionOptions();
  @Mixin private final LoginOptions login = new LoginOptions();
  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (uncompress && conversion.isLazy()) {
      throw new ParameterException(
          spec.commandLine(), "--uncompress makes nothing lazy: without the options of formats");
    }
    FileOrder order = FileOrder.everywhere(conversion.prefetched());
    Converter converter = conversion.converter(spec, options.spools(), order, rebuild);
    TransferOptions transfer =
        new TransferOptions(
            options.platforms(ImageOptions.hosts()),
            conversion.oci(),
            ConversionOptions.LAYERS_AT_ONCE);
    TransferReport report =
        new TransferReport(
            Progress.onStandardError(), spec.commandLine().getOut(), json, Terminal.showsErrors());
    try (RegistryClient client = options.client(spec, login.credentials(spec, from, to));
        ImageSource source = from.source(options.places(client));
        ImageSink sink = to.sink(options.places(client))) {
      Descriptor root =
          uncompress
              ? new Uncompression(options.spools()).uncompress(source, sink, transfer, report)
              : converter.convert(source, sink, transfer, report);
      report.done(root, to.toString());
    }
    return ExitCode.OK;
  }
}
