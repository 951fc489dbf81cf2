package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What is wrong with an image's layers, and what a lazy reader would suffer from. Immutable.
///
/// @param manifest digest of its manifest
/// @param platform as its config names it
/// @param layers bottom first
public record ImageCheck(Digest manifest, Optional<Platform> platform, List<Layer> layers) {
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
    return of(source, PlatformImage.of(source, platform), new LayerTocs(source));
  }

  /// Reads all images that are wanted whole and checks them.
  ///
  /// @return one for each image, in the order of the index
  /// @throws IOException if one can't be read, or there is none for a platform that is wanted
  public static List<ImageCheck> of(ImageSource source, Platforms platforms) throws IOException {
    List<ImageCheck> checks = new ArrayList<>();
    LayerTocs tocs = new LayerTocs(source);
    for (PlatformImage image : PlatformImage.all(source, platforms)) {
      checks.add(of(source, image, tocs));
    }
    if (platforms instanceof Platforms.Of(List<Platform> wanted)) {
      for (Platform each : wanted) {
        if (source.root().isIndex()
            && checks.stream().noneMatch(check -> check.platform.equals(Optional.of(each)))) {
          throw new IOException("no image for " + each);
        }
      }
    }
    return checks;
  }

  private static ImageCheck of(ImageSource source, PlatformImage image, LayerTocs tocs)
      throws IOException {
    List<Layer> checked = new ArrayList<>();
    for (PlatformImage.Layer layer : image.layers()) {
      List<LayerCheck.Finding> findings =
          LayerCheck.of(layer.descriptor(), layer.diffId(), source.blob(layer.descriptor()), tocs);
      checked.add(
          new Layer(layer.descriptor().digest(), texts(findings, true), texts(findings, false)));
    }
    return new ImageCheck(image.manifest(), image.platform(), checked);
  }

  private static List<String> texts(List<LayerCheck.Finding> findings, boolean wrong) {
    return findings.stream().filter(f -> f.wrong() == wrong).map(LayerCheck.Finding::text).toList();
  }

  /// Tells whether nothing is wrong.
  public boolean isRight() {
    return layers.stream().allMatch(layer -> layer.wrong().isEmpty());
  }
}
