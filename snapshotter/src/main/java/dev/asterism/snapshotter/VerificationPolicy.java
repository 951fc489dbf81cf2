package dev.asterism.snapshotter;

/// Whether a layer may be used without a TOC digest to hold it to; from the configuration.
public enum VerificationPolicy {
  /// Never.
  REQUIRED,
  /// Where the client's label says so and the manifest pins no TOC digest
  /// (`allow_no_verification`).
  LABEL_MAY_SKIP,
  /// Always: no layer is verified (`disable_verification`).
  DISABLED
}
