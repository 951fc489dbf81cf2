package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What is wrong with an image's layers, and what a lazy reader would suffer from. Immutable.
///
/// @param layers bottom first
public record ImageCheck(List<Layer> layers) {
  public ImageCheck {
    layers = List.copyOf(layers);
  }

  /// One layer.
  ///
  /// @param wrong what makes readers fail, or get something else than the image
  /// @param suffering what makes them slow
  public record Layer(Digest digest, List<String> wrong, List<String> suffering) {
    public Layer {
      wrong = List.copyOf(wrong);
      suffering = List.copyOf(suffering);
    }
  }

  /// Reads an image whole and checks it.
  ///
  /// @throws IOException if it can't be read
  public static ImageCheck of(ImageSource source, Platform platform) throws IOException {
    List<Layer> checked = new ArrayList<>();
    LayerTocs tocs = new LayerTocs(source);
    for (PlatformImage.Layer layer : PlatformImage.of(source, platform).layers()) {
      List<LayerCheck.Finding> findings =
          LayerCheck.of(layer.descriptor(), layer.diffId(), source.blob(layer.descriptor()), tocs);
      checked.add(
          new Layer(layer.descriptor().digest(), texts(findings, true), texts(findings, false)));
    }
    return new ImageCheck(checked);
  }

  private static List<String> texts(List<LayerCheck.Finding> findings, boolean wrong) {
    return findings.stream().filter(f -> f.wrong() == wrong).map(LayerCheck.Finding::text).toList();
  }

  /// Tells whether nothing is wrong.
  public boolean isRight() {
    return layers.stream().allMatch(layer -> layer.wrong().isEmpty());
  }
}
