package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocPlace;
import dev.asterism.estargz.TocReader;
import dev.asterism.estargz.Workers;
import dev.asterism.registry.Descriptor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Makes lazy layers of layers: eStargz or zstd:chunked.
///
/// A layer is read once, and believed only when it hashed to its digest and its tar to its diff ID.
/// What it becomes waits in a [Spool]: only a whole layer goes to the sink. Thread-safe.
final class LayerConverter implements LayerChange {
  private static final int BUFFER = 64 << 10; // 64 KiB

  private final EstargzOptions options;
  private final Inflation inflation;
  private final FileOrder order;
  private final Workers workers;
  private final Path spools;
  private final Optional<ConversionRecords> records;
  private final boolean rebuild;

  /// @param inflation how layers are read
  /// @param order which files come first
  /// @param workers shared by all layers
  /// @param spools folder for files without a name
  /// @param records of earlier conversions
  /// @param rebuild whether layers that are eStargz already are made anew
  LayerConverter(
      EstargzOptions options,
      Inflation inflation,
      FileOrder order,
      Workers workers,
      Path spools,
      Optional<ConversionRecords> records,
      boolean rebuild) {
    this.options = options;
    this.inflation = inflation;
    this.order = order;
    this.workers = workers;
    this.spools = spools;
    this.records = records;
    this.rebuild = rebuild;
  }

  @Override
  public Placed convert(
      Descriptor layer, Digest diffId, ImageSource source, ImageSink sink, Progress progress)
      throws IOException {
    EstargzOptions how = options.withPrioritized(order.of(layer.digest()));
    if (mayStay(how) && isIn(how.encoder().format(), layer, source)) {
      return new Placed(
          ConvertedLayer.unchanged(layer, diffId),
          LayerChange.copy(layer, source, sink, progress.writing()));
    }
    if (records.isPresent()) {
      Optional<ConversionRecords.Kept> before = records.get().find(layer.digest(), how.toString());
      if (before.isPresent() && isThere(before.get(), source, sink)) {
        keep(records.get(), layer, how, before.get(), sink);
        return new Placed(before.get().made(), TransferListener.Outcome.REUSED);
      }
    }
    try (Spool spool = Spool.in(spools)) {
      EstargzLayer written = write(layer, diffId, how, source, spool, progress);
      ConvertedLayer made =
          ConvertedLayer.of(MediaTypes.in(how.encoder().format(), layer.mediaType()), written);
      if (made.toc().isPresent() && !sink.has(made.toc().get(), source)) {
        sink.put(made.toc().get(), written.externalToc().orElseThrow().content(), _ -> {});
      }
      if (!sink.has(made.descriptor(), source)) {
        sink.put(made.descriptor(), spool.blob(), progress.writing());
      }
      if (records.isPresent()) {
        keep(records.get(), layer, how, new ConversionRecords.Kept(made, List.of()), sink);
      }
      return new Placed(made, TransferListener.Outcome.CONVERTED);
    }
  }

  /// A layer that is lazy may stay so, unless its TOC is wanted elsewhere; to leave it keeps its
  /// diff ID.
  private boolean mayStay(EstargzOptions how) {
    return !rebuild && how.prioritized().isEmpty() && how.toc() != TocPlace.BESIDE;
  }

  private static boolean isThere(ConversionRecords.Kept before, ImageSource source, ImageSink sink)
      throws IOException {
    ConvertedLayer made = before.made();
    return isThere(made.descriptor(), before, source, sink)
        && (made.toc().isEmpty() || isThere(made.toc().get(), before, source, sink));
  }

  /// What another repository of the same registry got need not be made again.
  private static boolean isThere(
      Descriptor blob, ConversionRecords.Kept before, ImageSource source, ImageSink sink)
      throws IOException {
    if (sink.has(blob, source)) {
      return true;
    }
    for (String repository : before.repositories().reversed()) {
      if (sink.mount(blob, repository)) {
        return true;
      }
    }
    return false;
  }

  private static void keep(
      ConversionRecords records,
      Descriptor layer,
      EstargzOptions how,
      ConversionRecords.Kept known,
      ImageSink sink)
      throws IOException {
    ConversionRecords.Kept kept = sink.repository().map(known::with).orElse(known);
    if (!kept.equals(known) || records.find(layer.digest(), how.toString()).isEmpty()) {
      records.keep(layer.digest(), how.toString(), kept);
    }
  }

  @Override
  public boolean hasTocsBeside() {
    return options.toc() != TocPlace.INSIDE;
  }

  /// Tells whether a layer is in a format, with the TOC that its descriptor pins.
  private static boolean isIn(TocLocation.Format format, Descriptor layer, ImageSource source)
      throws IOException {
    Optional<Digest> pinned =
        Optional.ofNullable(layer.annotations().get(Annotations.TOC_DIGEST)).flatMap(Digest::find);
    if (pinned.isEmpty()) {
      return false;
    }
    try {
      Blob blob = source.blob(layer);
      TocLocation location = TocLocator.locate(blob);
      return location.format() == format
          && TocReader.read(blob, location, TocLimits.DEFAULT, _ -> {}).equals(pinned.get());
    } catch (MalformedLayerException _) {
      return false; // then it is made one
    }
  }

  private EstargzLayer write(
      Descriptor layer,
      Digest diffId,
      EstargzOptions how,
      ImageSource source,
      Spool spool,
      Progress progress)
      throws IOException {
    try (VerifiedInput blob = VerifiedInput.open(source.blob(layer), progress.reading());
        InputStream plain = inflation.plain(blob);
        VerifiedInput tar = new VerifiedInput(plain, _ -> {});
        OutputStream out = new BufferedOutputStream(spool.out(), BUFFER)) {
      EstargzLayer written = write(tar, how, out, progress.remarks());
      out.flush();
      tar.finish("the layer's tar", diffId);
      blob.finish("the layer", layer.digest());
      return written;
    }
  }

  private EstargzLayer write(
      InputStream tar, EstargzOptions how, OutputStream out, Consumer<String> remarks)
      throws IOException {
    if (how.prioritized().isEmpty()) {
      return EstargzWriter.convert(
          new BufferedInputStream(tar, BUFFER), how, workers, out, remarks);
    }
    try (Spool sorted = Spool.in(spools)) {
      Blob whole = sorted.fill(tar).blob();
      return EstargzWriter.convert(new Buffered(whole), how, workers, out, remarks);
    }
  }

  /// A blob whose streams are read in larger pieces.
  private record Buffered(Blob blob) implements Blob {
    @Override
    public long size() {
      return blob.size();
    }

    @Override
    public InputStream open(ByteRange range) throws IOException {
      int buffer = Math.clamp(range.length(), 1, BUFFER);
      return new BufferedInputStream(blob.open(range), buffer);
    }
  }
}
