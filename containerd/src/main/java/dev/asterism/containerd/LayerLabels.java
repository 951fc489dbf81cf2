package dev.asterism.containerd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The labels by which a remote snapshotter knows which layer is meant: those of the stargz
/// snapshotter's clients. Stateless.
final class LayerLabels {
  private static final String IMAGE = "containerd.io/snapshot/remote/stargz.reference";
  private static final String LAYER = "containerd.io/snapshot/remote/stargz.digest";
  private static final String LAYERS = "containerd.io/snapshot/remote/stargz.layers";
  private static final String PREFETCH = "containerd.io/snapshot/remote/stargz.prefetch";

  /// What `ctr-remote` asks to prefetch of a layer without a landmark: 10 MiB.
  private static final String PREFETCHED = Integer.toString(10 << 20);

  /// Annotations that containerd hands on to snapshotters.
  private static final String INHERITED = "containerd.io/snapshot/";

  private static final int MAX_LABEL = 4096; // key and value, containerd's own bound

  private LayerLabels() {}

  /// Returns a layer's labels.
  ///
  /// @param rest digests of this layer and those above it, in this order
  static Map<String, String> of(String image, Descriptor layer, List<Digest> rest) {
    Map<String, String> labels = new TreeMap<>();
    layer
        .annotations()
        .forEach((key, value) -> {
          if (key.startsWith(INHERITED) && isShort(key, value)) {
            labels.put(key, value);
          }
        });
    labels.put(IMAGE, image);
    labels.put(LAYER, layer.digest().toString());
    labels.put(PREFETCH, PREFETCHED);
    StringBuilder layers = new StringBuilder();
    for (Digest each : rest) {
      String next = layers.isEmpty() ? each.toString() : "," + each;
      if (!isShort(LAYERS, layers + next)) {
        break;
      }
      layers.append(next);
    }
    labels.put(LAYERS, layers.toString());
    return labels;
  }

  private static boolean isShort(String key, String value) {
    return key.getBytes(UTF_8).length + value.getBytes(UTF_8).length <= MAX_LABEL;
  }
}
