package dev.asterism.containerd;

/// In whose words a snapshotter is told which layer of which image it gets; remote snapshotters
/// understand one of them or both.
public enum LayerWords {
  /// The stargz snapshotter's, which its clients use.
  STARGZ(
      "containerd.io/snapshot/remote/stargz.reference",
      "containerd.io/snapshot/remote/stargz.digest",
      "containerd.io/snapshot/remote/stargz.layers"),
  /// Those of containerd's own clients (containerd, `pkg/snapshotters`).
  CONTAINERD(
      "containerd.io/snapshot/cri.image-ref",
      "containerd.io/snapshot/cri.layer-digest",
      "containerd.io/snapshot/cri.image-layers");

  private final String image;
  private final String layer;
  private final String layers;

  LayerWords(String image, String layer, String layers) {
    this.image = image;
    this.layer = layer;
    this.layers = layers;
  }

  /// Label for the image's reference.
  String image() {
    return image;
  }

  /// Label for the layer's digest.
  String layer() {
    return layer;
  }

  /// Label for the digests of this layer and those above it, with commas between them.
  String layers() {
    return layers;
  }
}
