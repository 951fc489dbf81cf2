package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.List;

/// What a cleanup removed, or would. Immutable.
///
/// @param objects files that no layer has needed for long
/// @param bytes what these occupied
/// @param staleLinks files of layers that stood under no digest
/// @param emptyDirectories directories of layers with nothing in them
/// @param unfinished what was left in `wip`
/// @param lostMappings digests and keys that were known and are forgotten, for nothing stands
///   there; 0 where it is only told what would go
/// @param layersGone layers that held links and are compiled no more
public record CleanReport(
    long objects,
    long bytes,
    long staleLinks,
    long emptyDirectories,
    long unfinished,
    long lostMappings,
    List<Digest> layersGone) {
  /// Copies the list.
  public CleanReport {
    layersGone = List.copyOf(layersGone);
  }
}
