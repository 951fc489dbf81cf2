package dev.asterism.images;

import dev.asterism.estargz.TocLocation;
import java.util.Map;
import java.util.Set;

/// Media types of images (OCI image spec, "Media Types"; Docker image manifest V2, schema 2).
final class MediaTypes {
  static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  static final String OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  static final String OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
  static final String OCI_LAYER = "application/vnd.oci.image.layer.v1.tar";
  static final String DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json";
  static final String DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
  static final String DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
  static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

  private static final Set<String> LAYERS =
      Set.of(
          OCI_LAYER,
          OCI_LAYER + "+gzip",
          OCI_LAYER + "+zstd",
          DOCKER_LAYER,
          DOCKER_LAYER + ".gzip",
          DOCKER_LAYER + ".zstd");

  private static final Map<String, String> TO_OCI =
      Map.of(
          DOCKER_INDEX,
          OCI_INDEX,
          DOCKER_MANIFEST,
          OCI_MANIFEST,
          DOCKER_CONFIG,
          OCI_CONFIG,
          DOCKER_LAYER,
          OCI_LAYER,
          DOCKER_LAYER + ".gzip",
          OCI_LAYER + "+gzip",
          DOCKER_LAYER + ".zstd",
          OCI_LAYER + "+zstd");

  private MediaTypes() {}

  /// Tells whether it is an index.
  static boolean isIndex(String type) {
    return type.equals(OCI_INDEX) || type.equals(DOCKER_INDEX);
  }

  /// Tells whether it is a manifest or an index.
  static boolean isDocument(String type) {
    return isIndex(type) || type.equals(OCI_MANIFEST) || type.equals(DOCKER_MANIFEST);
  }

  /// Tells whether it is a layer that everybody may have: those "not to be distributed" and what is
  /// no file system are left as they are.
  static boolean isLayer(String type) {
    return LAYERS.contains(type);
  }

  /// Returns the OCI form of a type of Docker's.
  static String oci(String type) {
    return TO_OCI.getOrDefault(type, type);
  }

  /// Returns what a layer of that type is uncompressed.
  static String uncompressed(String layer) {
    return layer.startsWith(DOCKER_LAYER) ? DOCKER_LAYER : OCI_LAYER;
  }

  /// Returns what a layer of that type is in a format.
  static String in(TocLocation.Format format, String layer) {
    String compression =
        switch (format) {
          case ESTARGZ, LEGACY_STARGZ, EXTERNAL_TOC -> "gzip";
          case ZSTD_CHUNKED -> "zstd";
        };
    return layer.startsWith(DOCKER_LAYER)
        ? DOCKER_LAYER + "." + compression
        : OCI_LAYER + "+" + compression;
  }
}
