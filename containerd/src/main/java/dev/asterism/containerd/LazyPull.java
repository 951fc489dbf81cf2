package dev.asterism.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.images.Document;
import dev.asterism.images.ImageSource;
import dev.asterism.images.PlatformImage;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Pulls an image for a remote snapshotter, as `ctr-remote image rpull` does: containerd gets the
/// manifests and the config, and each layer becomes a snapshot that the snapshotter fetches by
/// itself. A layer that it does not take is fetched whole and unpacked. Used once.
public final class LazyPull {
  private final ContainerdAddress address;
  private final Options options;
  private final Listener listener;

  /// How an image is pulled. Immutable.
  ///
  /// @param snapshotter containerd's name of it
  /// @param words by which its layers' snapshots say which layer they are
  /// @param imageLabels of the image in containerd
  /// @param snapshotLabels of every layer's snapshot, beside those that say which layer it is
  public record Options(
      String snapshotter,
      LayerWords words,
      Map<String, String> imageLabels,
      Map<String, String> snapshotLabels) {
    /// Copies both maps.
    public Options {
      imageLabels = Map.copyOf(imageLabels);
      snapshotLabels = Map.copyOf(snapshotLabels);
    }
  }

  /// Is told how it gets on.
  public interface Listener {
    /// A layer has its snapshot.
    ///
    /// @param lazy whether the snapshotter fetches it by itself
    void layer(Descriptor layer, boolean lazy);
  }

  /// @param address which containerd
  public LazyPull(ContainerdAddress address, Options options, Listener listener) {
    this.address = address;
    this.options = options;
    this.listener = listener;
  }

  /// Pulls an image under its reference.
  ///
  /// @param reference the image's name, and what the snapshotter will ask for
  /// @param source the same image
  /// @return what containerd knows under that name
  /// @throws IOException if a layer can't be had, or containerd refuses; the image has no name then
  public Descriptor pull(String reference, ImageSource source, Platform platform)
      throws IOException {
    PlatformImage image = PlatformImage.of(source, platform);
    Connection connection = Connection.to(address);
    try (ContainerdSink sink = begin(connection, reference)) {
      for (Document document : image.documents()) {
        sink.put(document);
        sink.isFrom(document.digest(), source);
      }
      if (!sink.has(image.config(), source)) {
        sink.put(image.config(), source.blob(image.config()), _ -> {});
      }
      sink.isFrom(image.config().digest(), source);
      String top = layers(reference, image, source, sink);
      sink.label(
          image.config().digest(),
          Map.of("containerd.io/gc.ref.snapshot." + options.snapshotter(), top));
      Document root = image.documents().getFirst();
      sink.name(root);
      return root.descriptor();
    }
  }

  private ContainerdSink begin(Connection connection, String reference) throws IOException {
    try {
      return ContainerdSink.begin(connection, new ImageName(reference), options.imageLabels());
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }

  /// Makes each layer a snapshot, lowest first; returns the name of the topmost.
  private String layers(
      String reference, PlatformImage image, ImageSource source, ContainerdSink sink)
      throws IOException {
    LayerSnapshots snapshots = new LayerSnapshots(sink, source, options.snapshotter());
    String parent = "";
    for (int i = 0; i < image.layers().size(); i++) {
      PlatformImage.Layer layer = image.layers().get(i);
      List<Digest> rest = new ArrayList<>();
      image
          .layers()
          .subList(i, image.layers().size())
          .forEach(l -> rest.add(l.descriptor().digest()));
      Map<String, String> labels = new TreeMap<>(options.snapshotLabels());
      labels.putAll(
          LayerLabels.of(options.words(), reference, image.manifest(), layer.descriptor(), rest));
      String name = chainId(parent, layer.diffId());
      boolean lazy = snapshots.make(name, parent, layer, labels);
      listener.layer(layer.descriptor(), lazy);
      parent = name;
    }
    return parent;
  }

  /// The name of a stack of layers (OCI image specification, "Layer ChainID").
  private static String chainId(String below, Digest diffId) {
    return below.isEmpty()
        ? diffId.toString()
        : Digest.of((below + " " + diffId).getBytes(UTF_8)).toString();
  }
}
