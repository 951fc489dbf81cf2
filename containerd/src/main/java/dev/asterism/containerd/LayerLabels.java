package dev.asterism.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The labels by which a remote snapshotter knows which layer is meant. Stateless.
final class LayerLabels {
  private static final String MANIFEST = "containerd.io/snapshot/cri.manifest-digest";
  private static final String PREFETCH = "containerd.io/snapshot/remote/stargz.prefetch";

  /// What `ctr-remote` asks to prefetch of a layer without a landmark: 10 MiB.
  private static final String PREFETCHED = Integer.toString(10 << 20);

  /// Annotations that containerd hands on to snapshotters.
  private static final String INHERITED = "containerd.io/snapshot/";

  private static final int MAX_LABEL = 4096; // key and value, containerd's own bound

  private LayerLabels() {}

  /// Returns a layer's labels.
  ///
  /// @param manifest of the image for its platform
  /// @param rest digests of this layer and those above it, in this order
  static Map<String, String> of(
      LayerWords words, String image, Digest manifest, Descriptor layer, List<Digest> rest) {
    Map<String, String> labels = new TreeMap<>();
    layer
        .annotations()
        .forEach((key, value) -> {
          if (key.startsWith(INHERITED) && isShort(key, value)) {
            labels.put(key, value);
          }
        });
    labels.put(words.image(), image);
    labels.put(words.layer(), layer.digest().toString());
    if (words == LayerWords.CONTAINERD) {
      labels.put(MANIFEST, manifest.toString());
    }
    labels.put(PREFETCH, PREFETCHED);
    StringBuilder layers = new StringBuilder();
    for (Digest each : rest) {
      String next = layers.isEmpty() ? each.toString() : "," + each;
      if (!isShort(words.layers(), layers + next)) {
        break;
      }
      layers.append(next);
    }
    labels.put(words.layers(), layers.toString());
    return labels;
  }

  private static boolean isShort(String key, String value) {
    return key.getBytes(UTF_8).length + value.getBytes(UTF_8).length <= MAX_LABEL;
  }
}
