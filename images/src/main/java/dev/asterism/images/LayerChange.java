package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.function.LongConsumer;

/// What layers become on their way. Thread-safe.
interface LayerChange {
  /// A layer that is where it should be.
  record Placed(ConvertedLayer layer, TransferListener.Outcome outcome) {}

  /// Who wants to see a layer get on.
  record Progress(LongConsumer reading, LongConsumer writing) {}

  /// Puts what a layer becomes into the sink.
  ///
  /// @param diffId what the image's config says that the layer's tar hashes to
  /// @throws dev.asterism.content.MalformedLayerException if the layer can't become that; names the
  ///   entry
  Placed convert(
      Descriptor layer, Digest diffId, ImageSource source, ImageSink sink, Progress progress)
      throws IOException;

  /// Tells whether TOCs go into an image beside this one.
  default boolean hasTocsBeside() {
    return false;
  }

  /// Puts a blob into the sink as it is, if it is not there.
  static TransferListener.Outcome copy(
      Descriptor blob, ImageSource source, ImageSink sink, LongConsumer progress)
      throws IOException {
    if (sink.has(blob, source)) {
      return TransferListener.Outcome.PRESENT;
    }
    sink.put(blob, source.blob(blob), progress);
    return TransferListener.Outcome.COPIED;
  }
}
