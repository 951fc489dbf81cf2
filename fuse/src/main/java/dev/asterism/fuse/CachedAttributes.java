package dev.asterism.fuse;

import java.time.Duration;

/// Attributes, and for how long the kernel may show them without asking. Immutable.
///
/// @param timeout not negative
public record CachedAttributes(Attributes attributes, Duration timeout) {}
