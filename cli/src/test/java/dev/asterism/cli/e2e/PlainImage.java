package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// An image of this machine's platform in an OCI layout, whose layers are plain tars.
final class PlainImage {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
  private static final String LAYER = "application/vnd.oci.image.layer.v1.tar";

  private PlainImage() {}

  /// Writes one and returns its name.
  ///
  /// @param layout a folder that is not there yet
  /// @param tars of its layers, lowest first
  static String write(Path layout, byte[]... tars) throws IOException {
    List<String> layers = new ArrayList<>();
    for (byte[] tar : tars) {
      layers.add(blob(layout, LAYER, tar));
    }
    String ids =
        List.of(tars).stream()
            .map(tar -> "\"%s\"".formatted(Digest.of(tar)))
            .collect(Collectors.joining(","));
    String config =
        """
        {"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}\
        """
            .formatted(Platform.host().architecture(), ids);
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}\
        """
            .formatted(
                MANIFEST, blob(layout, CONFIG, config.getBytes(UTF_8)), String.join(",", layers));
    String root = blob(layout, MANIFEST, manifest.getBytes(UTF_8));
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[%s,"annotations":{"org.opencontainers.image.ref.name":"1"}}]}\
        """
            .formatted(root.substring(0, root.length() - 1)));
    return "oci:" + layout + ":1";
  }

  /// Writes a blob and returns its descriptor.
  private static String blob(Path layout, String mediaType, byte[] bytes) throws IOException {
    Digest digest = Digest.of(bytes);
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    Files.write(blobs.resolve(digest.hex()), bytes);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(mediaType, digest, bytes.length);
  }
}
