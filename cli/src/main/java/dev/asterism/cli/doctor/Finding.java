package dev.asterism.cli.doctor;

/// One thing that a machine can or cannot do. Immutable.
///
/// @param subject what was looked at
/// @param verdict what it means
/// @param found what was seen
/// @param cost what its absence costs; empty when nothing is absent
public record Finding(String subject, Verdict verdict, String found, String cost) {
  /// What a finding means for lazy images.
  public enum Verdict {
    /// It is there.
    GOOD,
    /// It is not there, and something is slower or missing.
    COSTLY,
    /// It is not there, and nothing works without it.
    FATAL
  }

  static Finding good(String subject, String found) {
    return new Finding(subject, Verdict.GOOD, found, "");
  }

  static Finding costly(String subject, String found, String cost) {
    return new Finding(subject, Verdict.COSTLY, found, cost);
  }

  static Finding fatal(String subject, String found, String cost) {
    return new Finding(subject, Verdict.FATAL, found, cost);
  }
}
