package dev.asterism.layers;

import java.util.EnumMap;
import java.util.Map;

/// What was fetched since the start. Immutable.
///
/// @param bytes compressed bytes of ranges that ended well, by the class that they began with
/// @param requests how many such ranges
/// @param used compressed bytes of chunks that containers have used since it was quiet last, as far
///   as the gate sees it
/// @param unused compressed bytes of chunks that were guessed since then and were not used yet
record FetchStats(
    Map<FetchClass, Long> bytes, Map<FetchClass, Long> requests, long used, long unused) {
  FetchStats {
    bytes = new EnumMap<>(bytes);
    requests = new EnumMap<>(requests);
  }
}
