package dev.asterism.layers;

import dev.asterism.content.Digest;

/// What of a mounted layer is here, and what keeps the rest away. Immutable.
///
/// @param digest of its blob
/// @param image the reference that it was pulled by last; empty where that is not known
/// @param blobBytes compressed bytes of the blob
/// @param size bytes of all its files' content, each content once
/// @param stored those of them that are in the store
/// @param complete whether all of it came once: no registry is needed, but for what was evicted
///   since
/// @param verified whether its TOC is what the manifest pins
/// @param trouble why the last thing that was wanted could not be had; empty since something came
public record LayerReport(
    Digest digest,
    String image,
    long blobBytes,
    long size,
    long stored,
    boolean complete,
    boolean verified,
    String trouble) {}
