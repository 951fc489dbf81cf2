package dev.asterism.cache;

import dev.asterism.content.Digest;

/// A chunk's name in the cache: whose it is, and which. Immutable.
public record CacheKey(Digest layer, ChunkKey chunk) {}
