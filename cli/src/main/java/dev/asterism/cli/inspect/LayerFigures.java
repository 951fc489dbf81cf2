package dev.asterism.cli.inspect;

import dev.asterism.estargz.TocLocation;

/// What a layer's TOC says, in numbers. Immutable.
///
/// @param format how its footer points at the TOC
/// @param tocSize compressed bytes of the TOC
/// @param files regular files
/// @param directories directories that have an entry
/// @param links symbolic and hard links
/// @param others devices and fifos
/// @param bytes of all regular files, uncompressed
/// @param chunks of all regular files
/// @param sharedBelow uncompressed bytes of chunks that a lower layer, or this one, has once more
/// @param inStore uncompressed bytes of chunks, counted once, that the local store holds
/// @param verified whether the manifest pins the TOC, and it hashes to that
public record LayerFigures(
    TocLocation.Format format,
    long tocSize,
    long files,
    long directories,
    long links,
    long others,
    long bytes,
    long chunks,
    long sharedBelow,
    long inStore,
    boolean verified) {}
