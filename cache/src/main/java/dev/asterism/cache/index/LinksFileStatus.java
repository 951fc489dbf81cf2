package dev.asterism.cache.index;

/// What a links file has cost since the cache was opened. Immutable.
///
/// @param persists how often changes were appended to the journal, and how long it took
/// @param journalBytes length of the journal now
/// @param fileBytes length of `links.json`, 0 if there is none
/// @param folds how often the journal was folded into it
/// @param failures writes of either that failed
public record LinksFileStatus(
    PersistTimes persists, long journalBytes, long fileBytes, long folds, long failures) {}
