package dev.asterism.cache;

import java.util.Optional;
import java.util.OptionalLong;

/// How the store stands to its budget. Immutable.
///
/// @param budget what was configured
/// @param used bytes that the store's files occupy, as far as they were counted since the start
/// @param maxSize what they may; empty if there is no limit
/// @param total bytes of the file system
/// @param free bytes of it that are free
/// @param minFree bytes of it that should be
/// @param evictedObjects files that were taken out of the store since the start
/// @param evictedBytes what they occupied
/// @param unreachable why the budget cannot be kept now; empty if it can
public record BudgetStatus(
    Budget budget,
    long used,
    OptionalLong maxSize,
    long total,
    long free,
    long minFree,
    long evictedObjects,
    long evictedBytes,
    Optional<String> unreachable) {}
