package dev.asterism.images;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.Workers;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Converts images to eStargz: several layers side by side, and chunks of each side by side.
///
/// @param estargz how layers are written
/// @param inflation how layers of gzip are read; the result does not depend on it
/// @param order which files come first in which layer
/// @param memory bytes of chunks that are held at once, by all layers together
/// @param cores how many compress
/// @param spools folder for files without a name: a layer at once for each that is under way
/// @param records of earlier conversions, to be used and added to
/// @param rebuild whether layers that are eStargz already are made anew; those in which a file has
///   to come first always are
public record Converter(
    EstargzOptions estargz,
    Inflation inflation,
    FileOrder order,
    long memory,
    int cores,
    Path spools,
    Optional<ConversionRecords> records,
    boolean rebuild) {
  /// Returns one that makes lazy layers anew, and knows the same earlier results.
  public Converter rebuilding() {
    return new Converter(estargz, inflation, order, memory, cores, spools, records, true);
  }

  /// Converts an image.
  ///
  /// @return what the sink knows under the image's name
  /// @throws IOException if the source lacks something or is corrupt, a layer can't be converted
  ///   (names layer and entry), or the sink can't take it; the sink has no such name then
  public Descriptor convert(
      ImageSource source, ImageSink sink, TransferOptions options, TransferListener listener)
      throws IOException {
    try (ExecutorService compression = Executors.newFixedThreadPool(cores)) {
      Workers workers = new Workers(compression, Math.max(1, memory / options.blobsAtOnce()));
      LayerConverter layers =
          new LayerConverter(estargz, inflation, order, workers, spools, records, rebuild);
      return ImageTransfer.convert(source, sink, options, layers, listener);
    }
  }
}
