package dev.asterism.cache;

import java.util.List;

/// What a verification found. Immutable.
///
/// @param files names that were looked at
/// @param bytes that were hashed
/// @param findings what is wrong, the first 10,000
/// @param findingsLeftOut how many more there are
public record VerifyReport(long files, long bytes, List<Finding> findings, long findingsLeftOut) {
  /// Copies the list.
  public VerifyReport {
    findings = List.copyOf(findings);
  }
}
