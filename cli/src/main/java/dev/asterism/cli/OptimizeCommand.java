package dev.asterism.cli;

import dev.asterism.cli.log.LogFormat;
import dev.asterism.cli.log.LogLevel;
import dev.asterism.cli.log.Logging;
import dev.asterism.cli.optimize.Trial;
import dev.asterism.cli.optimize.TrialFolder;
import dev.asterism.cli.optimize.Until;
import dev.asterism.cli.optimize.Workload;
import dev.asterism.images.Converter;
import dev.asterism.images.FileOrder;
import dev.asterism.images.FileRecord;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.ImageTransfer;
import dev.asterism.images.Platforms;
import dev.asterism.images.RecordedFiles;
import dev.asterism.images.TransferListener;
import dev.asterism.images.TransferOptions;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
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

/// `asterism optimize`: an image in which what its workload reads comes first.
@Command(
    name = "optimize",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Converts an image, and puts first what its workload opens: runs it by runc, without",
      "containerd, and watches. SRC and DST are as those of 'convert'."
    })
final class OptimizeCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "SRC", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation from;

  @Parameters(index = "1", paramLabel = "DST", description = "e.g. registry.example/app:1-fast")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation to;

  @Mixin private final WorkloadOptions workload = new WorkloadOptions();

  @Option(
      names = "--record-out",
      paramLabel = "FILE",
      description = "keep the record of what was opened, for the next version")
  private Optional<Path> recordOut = Optional.empty();

  @Option(
      names = {"--record-in", "--estargz-record-in"},
      paramLabel = "FILE",
      description = "use a record instead of running anything; ours or one of ctr-remote")
  private Optional<Path> recordIn = Optional.empty();

  @Option(names = "--no-optimize", description = "run nothing, and put nothing first")
  private boolean noOptimize;

  @Option(
      names = "--reuse",
      description = "keep layers that are eStargz already and of which nothing was opened")
  private boolean reuse;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final ConversionOptions conversion = new ConversionOptions();
  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    Logging.start(LogLevel.WARN, Terminal.showsErrors() ? LogFormat.TEXT : LogFormat.JSON);
    if (noOptimize && (recordIn.isPresent() || recordOut.isPresent() || conversion.isListed())) {
      throw new ParameterException(
          spec.commandLine(), "--no-optimize puts nothing first: no record, no --prefetch-list");
    }
    if (!noOptimize && conversion.keepsDiffIds()) {
      throw new ParameterException(
          spec.commandLine(),
          "--keep-diff-id: files can't come first in a tar that stays as it is");
    }
    if (reuse && conversion.hasTocsBeside()) {
      throw new ParameterException(
          spec.commandLine(), "--reuse: layers with their TOC inside are no external ones");
    }
    Workload.Changes changes = workload.changes(spec);
    Until until = workload.until(spec);
    conversion.converter(spec, options.spools(), FileOrder.NONE, true); // complains now
    try (OrderlyEnd end = OrderlyEnd.open();
        RegistryClient client = options.client(spec);
        TrialFolder folder = TrialFolder.in(options.spools());
        ImageSource given = end.during(() -> from.source(options.places(client)));
        ImageSource source = end.during(() -> onThisDisk(given, client, folder.path()))) {
      FileRecord record = end.during(() -> record(source, changes, until, client, folder.path()));
      optimize(source, record, client, end);
    }
    return ExitCode.OK;
  }

  private FileRecord record(
      ImageSource source, Workload.Changes changes, Until until, RegistryClient client, Path folder)
      throws IOException, InterruptedException {
    if (recordIn.isPresent()) {
      return FileRecord.read(recordIn.get());
    }
    if (noOptimize || conversion.isListed()) {
      return new FileRecord(List.of());
    }
    Progress progress = Progress.onStandardError();
    if (!options.platforms(ImageOptions.hosts()).includes(Optional.of(Platform.host()))) {
      progress.step(
          "nothing is run: no image for this machine (%s) is wanted".formatted(Platform.host()));
      progress.done();
      return new FileRecord(List.of());
    }
    try {
      Trial trial =
          new Trial(
              Platform.host(),
              folder,
              conversion.hurried(options.spools()),
              progress::step,
              System.err);
      return trial.run(source, changes, until, options.places(client));
    } finally {
      progress.done();
    }
  }

  private void optimize(
      ImageSource source, FileRecord record, RegistryClient client, OrderlyEnd end)
      throws IOException, InterruptedException {
    Platforms platforms = options.platforms(ImageOptions.hosts());
    List<String> listed = conversion.prefetched(spec);
    RecordedFiles files = end.during(() -> RecordedFiles.find(source, platforms, record, listed));
    if (recordOut.isPresent()) {
      files.record().write(recordOut.get());
    }
    TransferReport report =
        new TransferReport(
            Progress.onStandardError(), spec.commandLine().getOut(), json, Terminal.showsErrors());
    if (!noOptimize) {
      report.ordered(files);
    }
    Converter converter = conversion.converter(spec, options.spools(), files.order(), !reuse);
    TransferOptions transfer =
        new TransferOptions(platforms, conversion.oci(), ConversionOptions.LAYERS_AT_ONCE);
    try (ImageSink sink = to.sink(options.places(client))) {
      Descriptor root = end.during(() -> converter.convert(source, sink, transfer, report));
      report.done(root, to.toString());
    }
  }

  /// Returns the image where it can be read several times: fetched once, if it is in a registry.
  private ImageSource onThisDisk(ImageSource given, RegistryClient client, Path folder)
      throws IOException {
    if (!(from instanceof ImageLocation.InRegistry)) {
      return from.source(options.places(client));
    }
    Progress progress = Progress.onStandardError();
    progress.step("fetching " + from);
    ImageLocation copy =
        new ImageLocation.InLayout(folder.resolve("source"), Optional.of("source"));
    try (ImageSink sink = copy.sink(options.places(client))) {
      Platforms platforms = options.platforms(ImageOptions.hosts());
      ImageTransfer.copy(
          given,
          sink,
          new TransferOptions(platforms, false, ConversionOptions.LAYERS_AT_ONCE),
          TransferListener.NONE);
    } finally {
      progress.done();
    }
    return copy.source(options.places(client));
  }
}
