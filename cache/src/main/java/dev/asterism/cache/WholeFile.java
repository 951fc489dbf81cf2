package dev.asterism.cache;

/// The chunk is a whole file: it belongs where the kernel finds it.
public enum WholeFile implements CacheOption {
  /// It is.
  YES
}
