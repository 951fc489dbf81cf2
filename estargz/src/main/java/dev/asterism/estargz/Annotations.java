package dev.asterism.estargz;

/// Keys of a layer descriptor's annotations (eStargz specification, "Annotations"; containers/image
/// for the size).
public final class Annotations {
  /// Digest of the layer's TOC.
  public static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

  /// Bytes of the layer's tar, decimal.
  public static final String UNCOMPRESSED_SIZE = "io.containers.estargz.uncompressed-size";

  private Annotations() {}
}
