package dev.asterism.bench;

/// What has come over the link so far. Immutable.
///
/// @param bytes from the registry, answers' headers included
/// @param requests that the registry answered
/// @param connections that were opened
record Transfer(long bytes, long requests, long connections) {
  /// Returns what has come since `before`.
  Transfer since(Transfer before) {
    return new Transfer(
        bytes - before.bytes, requests - before.requests, connections - before.connections);
  }
}
