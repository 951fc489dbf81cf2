package dev.asterism.cache.index;

/// What a links file has cost since the cache was opened. Immutable.
///
/// @param persists how often changes were appended to the journal
/// @param persistNanos how long that took in all
/// @param lastPersistNanos how long the last took
/// @param journalBytes length of the journal now
/// @param fileBytes length of `links.json`, 0 if there is none
/// @param folds how often the journal was folded into it
/// @param failures writes of either that failed
public record LinksFileStatus(
    long persists,
    long persistNanos,
    long lastPersistNanos,
    long journalBytes,
    long fileBytes,
    long folds,
    long failures) {}
