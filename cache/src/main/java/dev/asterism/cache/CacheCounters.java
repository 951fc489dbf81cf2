package dev.asterism.cache;

import java.util.Map;

/// What a cache has done since it was opened. Immutable.
///
/// @param filesAdded files written under a digest that was new: chunks and completed files
/// @param bytesAdded their bytes
/// @param linksMade links of layers to what was there already
/// @param bytesShared bytes that were not written thanks to these
/// @param secondInodes new inodes for digests whose old one could have no more links
/// @param filesCompleted files of several chunks that became one object
/// @param bytesCloned bytes of these that share their blocks with the chunks
/// @param syncs syncs of the file system that succeeded
/// @param restored files that were hashed again after an unclean stop and were right
/// @param damaged files whose bytes were not, or no longer, what their digest says
/// @param linkFailures links that the file system refused
/// @param linkErrnos the same by the kernel's number of the error
/// @param writeFailures writes that it refused, or that the budget has no room for
/// @param readFailures reads that it refused
public record CacheCounters(
    long filesAdded,
    long bytesAdded,
    long linksMade,
    long bytesShared,
    long secondInodes,
    long filesCompleted,
    long bytesCloned,
    long syncs,
    long restored,
    long damaged,
    Map<Cause, Long> linkFailures,
    Map<Integer, Long> linkErrnos,
    Map<Cause, Long> writeFailures,
    Map<Cause, Long> readFailures) {
  /// Copies the maps.
  public CacheCounters {
    linkFailures = Map.copyOf(linkFailures);
    linkErrnos = Map.copyOf(linkErrnos);
    writeFailures = Map.copyOf(writeFailures);
    readFailures = Map.copyOf(readFailures);
  }
}
