package dev.asterism.layers;

/// What a layer holds. Immutable.
///
/// @param size bytes of its regular files, uncompressed
/// @param inodes its files of every type
public record LayerUsage(long size, long inodes) {}
