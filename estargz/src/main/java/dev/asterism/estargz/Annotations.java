package dev.asterism.estargz;

/// Keys of a layer descriptor's annotations (eStargz specification, "Annotations"; containers/image
/// for the size).
public final class Annotations {
  /// Digest of the layer's TOC.
  public static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

  /// Of a layer of a TOC image: digest of the layer whose TOC it is.
  public static final String LAYER_DIGEST = "containerd.io/snapshot/stargz/layer.digest";

  /// Bytes of the layer's tar, decimal.
  public static final String UNCOMPRESSED_SIZE = "io.containers.estargz.uncompressed-size";

  /// Digest of a zstd:chunked layer's compressed TOC (containers/storage).
  public static final String MANIFEST_CHECKSUM =
      "io.github.containers.zstd-chunked.manifest-checksum";

  /// Where that lies: offset, compressed and uncompressed size and type, decimal, with colons.
  public static final String MANIFEST_POSITION =
      "io.github.containers.zstd-chunked.manifest-position";

  /// The names of the two until 2023, which some readers still ask for.
  public static final String OLD_MANIFEST_CHECKSUM = "io.containers.zstd-chunked.manifest-checksum";

  /// See [#OLD_MANIFEST_CHECKSUM].
  public static final String OLD_MANIFEST_POSITION = "io.containers.zstd-chunked.manifest-position";

  private Annotations() {}
}
