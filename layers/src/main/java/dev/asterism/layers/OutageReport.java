package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.time.Instant;
import java.util.Optional;

/// A time during which a registry did not give what was wanted. Immutable.
///
/// @param registry host, as the image's reference names it
/// @param image whose layer noticed it first
/// @param layer digest of that layer's blob
/// @param file that was wanted: its path, or why that is not known
/// @param start of the bytes of the file that were wanted
/// @param end after the last of them
/// @param cause why they could not be had
/// @param since when it was noticed
/// @param ended when something came from there again; empty as long as nothing did
/// @param waiting calls of containers that wait for it now
public record OutageReport(
    String registry,
    String image,
    Digest layer,
    String file,
    long start,
    long end,
    String cause,
    Instant since,
    Optional<Instant> ended,
    int waiting) {}
