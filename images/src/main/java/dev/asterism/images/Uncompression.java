package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Makes the layers of an image plain tars: nothing but their media types and digests changes.
///
/// @param inflation how layers are read
/// @param spools folder for files without a name: a layer's tar for each that is under way
public record Uncompression(Inflation inflation, Path spools) implements LayerChange {
  private static final int BUFFER = 64 << 10; // 64 KiB

  /// Uncompresses an image.
  ///
  /// @return what the sink knows under the image's name
  /// @throws IOException if the source lacks something or is corrupt, or the sink can't take it;
  ///   the sink has no such name then
  public Descriptor uncompress(
      ImageSource source, ImageSink sink, TransferOptions options, TransferListener listener)
      throws IOException {
    return ImageTransfer.convert(source, sink, options, this, listener);
  }

  @Override
  public Placed convert(
      Descriptor layer, Digest diffId, ImageSource source, ImageSink sink, Progress progress)
      throws IOException {
    String type = MediaTypes.uncompressed(layer.mediaType());
    if (type.equals(layer.mediaType())) {
      return new Placed(
          ConvertedLayer.unchanged(layer, diffId),
          LayerChange.copy(layer, source, sink, progress.writing()));
    }
    try (Spool spool = Spool.in(spools)) {
      write(layer, diffId, source, spool, progress);
      ConvertedLayer made =
          new ConvertedLayer(type, diffId, spool.blob().size(), diffId, Map.of(), Optional.empty());
      if (!sink.has(made.descriptor(), source)) {
        sink.put(made.descriptor(), spool.blob(), progress.writing());
      }
      return new Placed(made, TransferListener.Outcome.CONVERTED);
    }
  }

  private void write(
      Descriptor layer, Digest diffId, ImageSource source, Spool spool, Progress progress)
      throws IOException {
    try (VerifiedInput blob = VerifiedInput.open(source.blob(layer), progress.reading());
        InputStream plain = inflation.plain(blob);
        VerifiedInput tar = new VerifiedInput(plain, _ -> {});
        OutputStream out = new BufferedOutputStream(spool.out(), BUFFER)) {
      tar.transferTo(out);
      out.flush();
      tar.finish("the layer's tar", diffId);
      blob.finish("the layer", layer.digest());
    }
  }
}
