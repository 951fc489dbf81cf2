package dev.asterism.images;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// An image's config: its layers' diff IDs, and all else as it is (OCI image spec, "Image
/// Configuration"). Immutable.
record ImageConfig(Json.Obj json, List<Digest> diffIds) {
  ImageConfig {
    diffIds = List.copyOf(diffIds);
  }

  /// Reads one.
  static ImageConfig parse(byte[] bytes) throws IOException {
    Json.Obj json = Json.parse("the image's config", bytes);
    List<Digest> diffIds = new ArrayList<>();
    for (String text : json.object("rootfs").orElse(Json.Obj.empty()).texts("diff_ids")) {
      diffIds.add(
          Digest.find(text)
              .orElseThrow(() -> new IOException("the image's config has a bad diff ID: " + text)));
    }
    return new ImageConfig(json, diffIds);
  }

  /// Returns it with other layers.
  Json.Obj withDiffIds(List<Digest> layers) {
    List<Json> texts = layers.stream().<Json>map(id -> new Json.Str(id.toString())).toList();
    Json.Obj rootfs = json.object("rootfs").orElse(Json.Obj.empty().with("type", "layers"));
    return json.with("rootfs", rootfs.with("diff_ids", new Json.Arr(texts)));
  }
}
