package dev.asterism.images;

/// How an image is transferred. Immutable.
///
/// @param platforms which of an index's images
/// @param oci whether Docker's media types become those of OCI
/// @param blobsAtOnce how many blobs are on their way side by side
public record TransferOptions(Platforms platforms, boolean oci, int blobsAtOnce) {
  /// @throws IllegalArgumentException if there is no blob at once
  public TransferOptions {
    if (blobsAtOnce < 1) {
      throw new IllegalArgumentException("at least one blob at once, not " + blobsAtOnce);
    }
  }
}
