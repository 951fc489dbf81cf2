package dev.asterism.cli;

import dev.asterism.images.Converter;
import dev.asterism.images.FileOrder;
import dev.asterism.images.FileRecord;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.Platforms;
import dev.asterism.images.RecordedFiles;
import dev.asterism.images.TransferOptions;
import dev.asterism.images.Uncompression;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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

  @Option(
      names = {"--record-in", "--estargz-record-in", "--zstdchunked-record-in"},
      paramLabel = "FILE",
      description = "put first what a record says was opened; of 'optimize' or of ctr-remote")
  private Optional<Path> recordIn = Optional.empty();

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final ConversionOptions conversion = new ConversionOptions();
  @Mixin private final LoginOptions login = new LoginOptions();
  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (uncompress && (conversion.isLazy() || recordIn.isPresent())) {
      throw new ParameterException(
          spec.commandLine(), "--uncompress makes nothing lazy: without the options of formats");
    }
    conversion.check(spec, recordIn.isPresent());
    TransferReport report =
        new TransferReport(
            Progress.onStandardError(), spec.commandLine().getOut(), json, Terminal.showsErrors());
    try (OrderlyEnd end = OrderlyEnd.open();
        RegistryClient client = options.client(spec, login.credentials(spec, from, to));
        ImageSource source = end.during(() -> from.source(options.places(client)));
        ImageSink sink = to.sink(options.places(client))) {
      report.done(end.during(() -> convert(source, sink, report)), to.toString());
    }
    return ExitCode.OK;
  }

  private Descriptor convert(ImageSource source, ImageSink sink, TransferReport report)
      throws IOException {
    Platforms platforms = options.platforms(ImageOptions.hosts());
    TransferOptions transfer =
        new TransferOptions(platforms, conversion.oci(), ConversionOptions.LAYERS_AT_ONCE);
    if (uncompress) {
      return new Uncompression(conversion.inflation(spec), options.spools())
          .uncompress(source, sink, transfer, report);
    }
    FileOrder order = FileOrder.NONE;
    List<String> listed = conversion.prefetched(spec);
    if (recordIn.isPresent() || !listed.isEmpty()) {
      FileRecord record =
          recordIn.isPresent() ? FileRecord.read(recordIn.get()) : new FileRecord(List.of());
      RecordedFiles files = RecordedFiles.find(source, platforms, record, listed);
      report.ordered(files);
      order = files.order();
    }
    Converter usual = conversion.converter(spec, options.spools(), order, rebuild);
    Converter converter = conversion.isExplicit() ? usual.rebuilding() : usual;
    return converter.convert(source, sink, transfer, report);
  }
}
