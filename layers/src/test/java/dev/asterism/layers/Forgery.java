package dev.asterism.layers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Layers whose TOC says something that is not true, and whose manifest pins that TOC.
final class Forgery {
  private static final String TOC = "stargz.index.json";

  private Forgery() {}

  /// Returns a layer's TOC, a JSON text.
  static String toc(Layer.EstargzBlob layer) {
    try {
      TocLocation location = TocLocator.locate(layer.blob());
      byte[] member = layer.blob().read(location.range());
      byte[] tar = new GZIPInputStream(new ByteArrayInputStream(member)).readAllBytes();
      return new String(Layer.ofTar(tar).entries().getFirst().content(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Serves a layer with another TOC; everything else in the blob stays as it is.
  static LayerRequest add(Origin origin, Layer.EstargzBlob layer, UnaryOperator<String> change) {
    try {
      byte[] json = change.apply(toc(layer)).getBytes(UTF_8);
      TocLocation location = TocLocator.locate(layer.blob());
      ByteArrayOutputStream blob = new ByteArrayOutputStream();
      blob.write(layer.bytes(), 0, (int) location.tocOffset());
      try (GZIPOutputStream member = new GZIPOutputStream(blob)) {
        member.write(Layer.of(Entry.file(TOC, json)).tar());
      }
      int footer = (int) location.range().end();
      blob.writeBytes(Arrays.copyOfRange(layer.bytes(), footer, layer.bytes().length));
      return origin.add(blob.toByteArray(), Digest.of(json));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
