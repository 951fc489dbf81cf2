package dev.asterism.cache.report;

import java.util.List;

/// Content that has exactly these holders in common. Immutable.
///
/// @param holders their numbers, ascending; empty for what nobody holds
public record SharedBy(List<Integer> holders, Amount amount) {
  /// Copies the list.
  public SharedBy {
    holders = List.copyOf(holders);
  }
}
