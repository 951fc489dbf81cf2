package dev.asterism.layers;

/// What a container's use of a chunk found.
enum Found {
  /// The chunk: nobody waited for the network.
  STORED,
  /// A fetch that was under way.
  ON_ITS_WAY,
  /// Nothing: it is fetched for this use.
  MISSING
}
