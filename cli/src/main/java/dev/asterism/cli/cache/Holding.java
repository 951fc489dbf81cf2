package dev.asterism.cli.cache;

import dev.asterism.cache.report.Amount;
import java.util.List;

/// What a holder has in the store. Immutable.
///
/// @param holder who
/// @param content all that its layers lead to, each file once
/// @param unique the part of it that no other holder has
/// @param linked bytes that its layers' names lead to: what it would take without any sharing
/// @param overhead bytes on the disk for its layers' names and compiled metadata, of those layers
///   that no other holder has
/// @param sharedWith who else has parts of it, the largest part first
public record Holding(
    Holder holder,
    Amount content,
    Amount unique,
    long linked,
    long overhead,
    List<Common> sharedWith) {
  /// What two holders have in common. Immutable.
  ///
  /// @param name the other one's
  public record Common(String name, Amount amount) {}

  /// Copies the list.
  public Holding {
    sharedWith = List.copyOf(sharedWith);
  }

  /// Returns what other holders have too.
  public Amount shared() {
    return content.minus(unique);
  }

  /// Returns the bytes on the disk that removing the holder frees, once the store is cleaned: what
  /// only it has, its layers' names and their compiled metadata. Exact.
  public long frees() {
    return unique.stored() + overhead;
  }
}
