package dev.asterism.cache;

/// The room on a file system. Immutable.
///
/// @param total bytes it has
/// @param free bytes that an ordinary process can still write
/// @param block bytes that it allocates at once
public record Space(long total, long free, long block) {}
