package dev.asterism.cache;

/// What an index knows of a store. Immutable.
///
/// @param objects digests: files in `objects` and `chunks`, each once
/// @param bytes the sum of their sizes
/// @param keys layers' links to them
/// @param memory bytes of memory that knowing this takes
public record Holdings(long objects, long bytes, long keys, long memory) {}
