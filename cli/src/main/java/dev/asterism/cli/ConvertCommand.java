package dev.asterism.cli;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.GzipEncoder;
import dev.asterism.images.ConversionRecords;
import dev.asterism.images.Converter;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.TransferOptions;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Files;
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
      "Makes an eStargz image of any image: gzip, zstd, uncompressed or eStargz layers.",
      "SRC and DST are registry references, oci:DIR[:TAG] or oci-archive:FILE[:TAG]; SRC may be",
      "docker-archive:FILE as well."
    })
final class ConvertCommand implements Callable<Integer> {
  private static final int DEFAULT_LEVEL = 6;
  private static final int LAYERS_AT_ONCE = 3;

  @Parameters(index = "0", paramLabel = "SRC", description = "e.g. registry.example/app:1")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation from;

  @Parameters(index = "1", paramLabel = "DST", description = "e.g. registry.example/app:1-esgz")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation to;

  @Option(
      names = "--estargz",
      description = "make eStargz: the default, and all there is",
      defaultValue = "true",
      fallbackValue = "true")
  private boolean estargz = true;

  @Option(
      names = {"--level", "--estargz-compression-level"},
      paramLabel = "N",
      description = "1 fast to 9 small (libdeflate: 12); default: " + DEFAULT_LEVEL)
  private int level = DEFAULT_LEVEL;

  @Option(
      names = {"--chunk-size", "--estargz-chunk-size"},
      paramLabel = "BYTES",
      description = "of the pieces that large files are cut into; default: 4 MiB")
  private int chunkSize;

  @Option(
      names = {"--min-chunk-size", "--estargz-min-chunk-size"},
      paramLabel = "BYTES",
      description = "small files share a gzip member until it has that many, before compression")
  private int minChunkSize;

  @Option(
      names = "--prefetch-list",
      paramLabel = "FILE",
      description = "names of files to put first, one a line: they are fetched at mount")
  private Optional<Path> prefetch = Optional.empty();

  @Option(names = "--oci", description = "OCI's media types in place of Docker's")
  private boolean oci;

  @Option(
      names = "--rebuild",
      description = "convert layers that are eStargz already, and do not look for earlier results")
  private boolean rebuild;

  @Option(
      names = "--encoder",
      paramLabel = "NAME",
      description = "zlib or libdeflate; default: libdeflate where there is one")
  private Optional<GzipEncoder> encoder = Optional.empty();

  @Option(
      names = {"--jobs", "--estargz-parallelism"},
      paramLabel = "N",
      description = "how many compress at once; the result does not depend on it")
  private int jobs;

  @Option(
      names = "--memory",
      paramLabel = "MIB",
      description = "of chunks that are held at once; default: ${DEFAULT-VALUE}")
  private int memory = 96;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Option(
      names = {
        "--zstdchunked",
        "--external-toc",
        "--estargz-external-toc",
        "--keep-diff-id",
        "--estargz-keep-diff-id",
        "--uncompress"
      },
      hidden = true)
  private boolean unsupported;

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    if (unsupported || !estargz) {
      throw new ParameterException(
          spec.commandLine(),
          "zstd:chunked, external TOCs, kept diff IDs and uncompressed layers are not supported:"
              + " only eStargz is written");
    }
    Converter converter = converter();
    TransferOptions transfer =
        new TransferOptions(options.platforms(ImageOptions.hosts()), oci, LAYERS_AT_ONCE);
    TransferReport report =
        new TransferReport(
            Progress.onStandardError(), spec.commandLine().getOut(), json, Terminal.showsErrors());
    try (RegistryClient client = options.client();
        ImageSource source = from.source(client, options.spools());
        ImageSink sink = to.sink(client)) {
      Descriptor root = converter.convert(source, sink, transfer, report);
      report.done(root, to.toString());
    }
    return ExitCode.OK;
  }

  private Converter converter() throws IOException {
    int cores = jobs > 0 ? jobs : Runtime.getRuntime().availableProcessors();
    Optional<ConversionRecords> records =
        rebuild
            ? Optional.empty()
            : Optional.of(new ConversionRecords(ImageOptions.cache().resolve("conversions")));
    return new Converter(estargz(), (long) memory << 20, cores, options.spools(), records, rebuild);
  }

  private EstargzOptions estargz() throws IOException {
    GzipEncoder library = encoder.orElseGet(GzipEncoder::fastest);
    if (!library.isHere()) {
      throw new ParameterException(
          spec.commandLine(), "libdeflate is not there for this machine: --encoder zlib");
    }
    try {
      EstargzOptions made =
          EstargzOptions.DEFAULT.withEncoder(library, level).withMinChunkSize(minChunkSize);
      return (chunkSize == 0 ? made : made.withChunkSize(chunkSize)).withPrioritized(prefetched());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private List<String> prefetched() throws IOException {
    if (prefetch.isEmpty()) {
      return List.of();
    }
    return Files.readAllLines(prefetch.get()).stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .toList();
  }
}
