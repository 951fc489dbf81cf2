package dev.asterism.cli.config;

import dev.asterism.layers.OutagePolicy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How table `outage` says what a policy is. Stateless.
final class OutageKeys {
  static final String WAIT = "wait";
  static final String BOUNDED = "bounded";
  static final String FAIL = "fail";

  /// The modes, as an error names them.
  static final List<String> MODES = List.of(WAIT, BOUNDED, FAIL);

  private OutageKeys() {}

  static String mode(OutagePolicy policy) {
    if (policy.equals(OutagePolicy.WAIT)) {
      return WAIT;
    }
    return policy.equals(OutagePolicy.FAIL) ? FAIL : BOUNDED;
  }

  /// Returns what `wait_sec` is, or would be in the mode that uses it.
  static long waitSeconds(OutagePolicy policy) {
    return (mode(policy).equals(BOUNDED) ? policy : OutagePolicy.DEFAULT).patience().toSeconds();
  }

  /// Returns what a mode means; empty if there is no such mode.
  ///
  /// @param bound of a bounded wait
  static Optional<OutagePolicy> policy(String mode, Duration bound) {
    return switch (mode) {
      case WAIT -> Optional.of(OutagePolicy.WAIT);
      case BOUNDED -> Optional.of(new OutagePolicy(bound));
      case FAIL -> Optional.of(OutagePolicy.FAIL);
      default -> Optional.empty();
    };
  }
}
