package dev.asterism.cli.demo;

/// What a registry has sent. Immutable.
///
/// @param bytes over the link, headers included
/// @param requests that it answered
record Traffic(long bytes, long requests) {
  /// Returns what came since `earlier`.
  Traffic since(Traffic earlier) {
    return new Traffic(bytes - earlier.bytes, requests - earlier.requests);
  }

  /// Returns both together.
  Traffic plus(Traffic other) {
    return new Traffic(bytes + other.bytes, requests + other.requests);
  }
}
