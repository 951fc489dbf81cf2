package dev.asterism.cache;

/// Nobody waits for the chunk: memory is not spent on it. Who reads it soon finds it in a file.
public enum NotAwaited implements CacheOption {
  /// Nobody does.
  YES
}
