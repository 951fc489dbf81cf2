package dev.asterism.cache;

import java.time.Instant;
import java.util.Optional;

/// How far the scrub is. Immutable.
///
/// @param lastComplete when everything had been hashed the last time; empty if never
/// @param begun when the pass began that is under way; empty if none is
/// @param files files that this pass has hashed
/// @param bytes bytes that it has
/// @param wrong files that it found wrong, all passes together
/// @param healed files among them that stand in the store again
public record ScrubStatus(
    Optional<Instant> lastComplete,
    Optional<Instant> begun,
    long files,
    long bytes,
    long wrong,
    long healed) {}
