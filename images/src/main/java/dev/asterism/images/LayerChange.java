package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// What layers become on their way. Thread-safe.
interface LayerChange {
  /// A layer that is where it should be.
  record Placed(ConvertedLayer layer, TransferListener.Outcome outcome) {}

  /// Who wants to see a layer get on.
  ///
  /// @param remarks is told what is odd about the layer, a sentence each
  record Progress(LongConsumer reading, LongConsumer writing, Consumer<String> remarks) {}

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
    boolean there = sink.has(blob, source);
    if (!there) {
      sink.put(blob, source.blob(blob), progress);
    }
    sink.isFrom(blob.digest(), source);
    return there ? TransferListener.Outcome.PRESENT : TransferListener.Outcome.COPIED;
  }
}
