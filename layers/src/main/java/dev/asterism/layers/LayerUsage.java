package dev.asterism.layers;

/// What a layer holds, or what it takes of the disk. Immutable.
///
/// @param size bytes: of its regular files, uncompressed; or allocated
/// @param inodes its files of every type; or those on the disk
public record LayerUsage(long size, long inodes) {}
