package dev.asterism.cli;

import dev.asterism.estargz.Chunking;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.estargz.TocPlace;
import dev.asterism.images.ConversionRecords;
import dev.asterism.images.Converter;
import dev.asterism.images.FileOrder;
import dev.asterism.images.GzipHelper;
import dev.asterism.images.Inflation;
import dev.asterism.images.RecordedFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options of commands that write layers: how.
final class ConversionOptions {
  /// How many layers are converted side by side.
  static final int LAYERS_AT_ONCE = 3;

  private static final int DEFAULT_LEVEL = 6;
  private static final int DEFAULT_ZSTD_LEVEL = 3;

  @Option(names = "--estargz", description = "make eStargz: the default")
  private boolean estargz;

  @Option(
      names = "--zstdchunked",
      description = "make zstd:chunked, which implies --oci: smaller, faster, read by fewer")
  private boolean zstdChunked;

  @Option(
      names = {"--level", "--estargz-compression-level", "--zstdchunked-compression-level"},
      paramLabel = "N",
      description =
          "1 fast to 9 small (libdeflate: 12, zstd: 19); default: "
              + DEFAULT_LEVEL
              + ", with --zstdchunked "
              + DEFAULT_ZSTD_LEVEL)
  private Optional<Integer> level = Optional.empty();

  @Option(
      names = {"--chunk-size", "--estargz-chunk-size", "--zstdchunked-chunk-size"},
      paramLabel = "BYTES",
      description = "of the pieces that large files are cut into; default: 4 MiB")
  private int chunkSize;

  @Option(
      names = "--chunking",
      paramLabel = "HOW",
      description =
          "fixed or content: where larger files are cut; by content, versions share more"
              + " (default: fixed)")
  private Optional<Chunking> chunking = Optional.empty();

  @Option(
      names = {"--min-chunk-size", "--estargz-min-chunk-size"},
      paramLabel = "BYTES",
      description = "small files share a gzip member until it has that many, before compression")
  private int minChunkSize;

  @Option(
      names = "--prefetch-list",
      paramLabel = "FILE",
      description =
          "paths and patterns (* ? [] **) of files to put first, one a line: they are fetched at"
              + " mount")
  private Optional<Path> prefetch = Optional.empty();

  @Option(names = "--oci", description = "OCI's media types in place of Docker's")
  private boolean oci;

  @Option(
      names = "--encoder",
      paramLabel = "NAME",
      description = "zlib or libdeflate; default: libdeflate where there is one")
  private Optional<MemberEncoder> encoder = Optional.empty();

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

  @Option(
      names = {"--external-toc", "--estargz-external-toc"},
      description =
          "put the TOCs into an image of their own beside DST, whose tag ends in -esgztoc")
  private boolean externalToc;

  @Option(
      names = {"--keep-diff-id", "--estargz-keep-diff-id"},
      description = "external TOCs, and no byte of the layers' tars changes; nothing is sorted")
  private boolean keepDiffId;

  @Option(
      names = {"--gzip-helper", "--estargz-gzip-helper", "--GH"},
      paramLabel = "PROGRAM",
      description =
          "inflates layers of gzip, as pigz, igzip and gzip do: PROGRAM -d -c; default: done here")
  private Optional<String> helper = Optional.empty();

  /// Tells whether OCI's media types are wanted.
  boolean oci() {
    return oci || zstdChunked;
  }

  /// Tells whether a lazy format was asked for by name.
  boolean isLazy() {
    return estargz || zstdChunked || hasTocsBeside() || prefetch.isPresent();
  }

  /// Tells whether layers' tars stay as they are.
  boolean keepsDiffIds() {
    return keepDiffId;
  }

  /// Tells whether TOCs go into an image beside DST.
  boolean hasTocsBeside() {
    return toc() != TocPlace.INSIDE;
  }

  /// Complains about options that contradict each other, before anything is read.
  ///
  /// @param ordered whether a record says which files come first
  /// @throws ParameterException if they do
  void check(CommandSpec spec, boolean ordered) throws IOException {
    if (ordered && keepDiffId) {
      throw stays(spec);
    }
    if (keepDiffId && !prefetched(spec).isEmpty()) {
      throw stays(spec);
    }
    converter(spec, Path.of("/"), FileOrder.NONE, true);
  }

  private static ParameterException stays(CommandSpec spec) {
    return new ParameterException(
        spec.commandLine(), "--keep-diff-id: files can't come first in a tar that stays as it is");
  }

  /// Returns the converter that the options describe.
  ///
  /// @param order which files come first
  /// @param rebuild as [Converter] has it; then earlier results are not looked for either
  /// @throws ParameterException if they contradict each other
  Converter converter(CommandSpec spec, Path spools, FileOrder order, boolean rebuild) {
    if (keepDiffId && order.hasFiles()) {
      throw stays(spec);
    }
    if (estargz && zstdChunked) {
      throw new ParameterException(spec.commandLine(), "--estargz or --zstdchunked, not both");
    }
    Optional<ConversionRecords> records =
        rebuild
            ? Optional.empty()
            : Optional.of(new ConversionRecords(ImageOptions.cache().resolve("conversions")));
    return new Converter(
        estargz(spec), inflation(spec), order, bytes(), cores(), spools, records, rebuild);
  }

  /// Tells whether it was said how layers are written: then lazy ones that were not asked to stay
  /// are written so, too.
  boolean isExplicit() {
    return level.isPresent()
        || encoder.isPresent()
        || chunking.isPresent()
        || chunkSize != 0
        || minChunkSize != 0;
  }

  /// Returns a converter that is done as soon as may be; its results are not remembered.
  Converter hurried(Path spools) {
    return new Converter(
        EstargzOptions.DEFAULT.withEncoder(MemberEncoder.fastest(), 1),
        Inflation.HERE,
        FileOrder.NONE,
        bytes(),
        cores(),
        spools,
        Optional.empty(),
        false);
  }

  /// Returns how layers of gzip are inflated.
  ///
  /// @throws ParameterException if the program for that is not there
  Inflation inflation(CommandSpec spec) {
    if (helper.isEmpty()) {
      return Inflation.HERE;
    }
    try {
      return GzipHelper.find(helper.get(), System.getenv().getOrDefault("PATH", ""));
    } catch (FileNotFoundException e) {
      throw new ParameterException(spec.commandLine(), "--gzip-helper: " + e.getMessage(), e);
    }
  }

  private long bytes() {
    return (long) memory << 20;
  }

  private int cores() {
    return jobs > 0 ? jobs : Runtime.getRuntime().availableProcessors();
  }

  private EstargzOptions estargz(CommandSpec spec) {
    MemberEncoder library =
        zstdChunked ? MemberEncoder.ZSTD : encoder.orElseGet(MemberEncoder::fastest);
    if (library == MemberEncoder.ZSTD && !zstdChunked) {
      throw new ParameterException(spec.commandLine(), "zstd makes zstd:chunked: --zstdchunked");
    }
    if (zstdChunked && encoder.isPresent() && encoder.get() != library) {
      throw new ParameterException(spec.commandLine(), "--zstdchunked is made by zstd alone");
    }
    if (!library.isHere()) {
      throw new ParameterException(
          spec.commandLine(), "libdeflate is not there for this machine: --encoder zlib");
    }
    try {
      EstargzOptions made =
          EstargzOptions.DEFAULT
              .withEncoder(library, level.orElse(zstdChunked ? DEFAULT_ZSTD_LEVEL : DEFAULT_LEVEL))
              .withMinChunkSize(minChunkSize);
      EstargzOptions sized = chunkSize == 0 ? made : made.withChunkSize(chunkSize);
      return sized.withChunking(chunking.orElse(Chunking.FIXED)).withToc(toc());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private TocPlace toc() {
    if (keepDiffId) {
      return TocPlace.BESIDE_SAME_TAR;
    }
    return externalToc ? TocPlace.BESIDE : TocPlace.INSIDE;
  }

  /// Tells whether `--prefetch-list` was given.
  boolean isListed() {
    return prefetch.isPresent();
  }

  /// Returns the names and patterns of `--prefetch-list`.
  ///
  /// @throws ParameterException if one can't be understood
  List<String> prefetched(CommandSpec spec) throws IOException {
    if (prefetch.isEmpty()) {
      return List.of();
    }
    List<String> names =
        Files.readAllLines(prefetch.get()).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .toList();
    try {
      names.forEach(RecordedFiles::requireName);
      return names;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "%s: %s".formatted(prefetch.get(), e.getMessage()), e);
    }
  }
}
