package dev.asterism.cache;

/// What one run of the eviction did. Immutable.
///
/// @param objects files that it took out of the store
/// @param bytes what they occupied; the kernel frees what somebody has open when it is closed
/// @param enough whether that is as much as was asked for
/// @param pinned bytes that pins kept it from taking, as far as it had to look; 0 if it was enough
public record Eviction(long objects, long bytes, boolean enough, long pinned) {}
