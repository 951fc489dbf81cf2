package dev.asterism.cache;

/// What a caller knows of a chunk beside its key.
public sealed interface CacheOption permits ChunkDigest, WholeFile, NotAwaited {}
