package dev.asterism.layers;

/// How much is asked for at a time over one link, by what that carries in a round trip.
///
/// Guarded by the lock of the [Link].
final class RangeRules {
  /// A gap that is downloaded and thrown away costs less than a request if it is at most this part
  /// of what the link carries in a round trip.
  private static final int GAP_PART = 32;

  private static final long LEAST_GAP = 16 << 10; // 16 KiB
  private static final long LARGEST_GAP = 128 << 10; // 128 KiB

  /// What is asked for ahead of what is needed to keep the link busy: so many halves of what it
  /// carries in a round trip.
  private static final int DEPTH_HALVES = 3;

  private static final int DEPTH_HALVES_WHOLE = 6;

  /// As much of a round trip as one of many ranges may take, so that those which may run keep the
  /// link busy together: on the average, half of each has come.
  private static final int RANGE_PART = 3;

  private final FetchPolicy policy;
  private final LinkMeter meter;

  RangeRules(FetchPolicy policy, LinkMeter meter) {
    this.policy = policy;
    this.meter = meter;
  }

  /// Returns how many bytes may be on their way before nothing more begins that nobody waits for.
  ///
  /// @param wholesale whether what is to begin is of a layer that is read whole
  long depth(boolean wholesale) {
    long halves = wholesale ? DEPTH_HALVES_WHOLE : DEPTH_HALVES;
    return Math.clamp(halves * meter.product() / 2, policy.quantum(), policy.maxInFlight());
  }

  /// Returns how many bytes one range has at most, if it has more than one member: half of what
  /// keeps the link busy, so that two ranges do, and no more than that stands before a read; all of
  /// it in the background, which waits for silence; far more where all of a layer is wanted. On a
  /// link that carries much in a round trip, as much as keeps that busy with as many ranges as may
  /// run.
  long limit(FetchClass of, boolean wholesale) {
    long product = meter.product();
    if (wholesale && of != FetchClass.READ) {
      return Math.clamp(2 * product, policy.quantum() / 2, policy.maxWindow());
    }
    return Math.clamp(
        of == FetchClass.BACKGROUND ? product : product / 2,
        policy.quantum() / 2,
        Math.clamp(product / RANGE_PART, policy.quantum(), policy.maxWindow()));
  }

  /// Returns how many bytes between two members are rather downloaded and thrown away than the
  /// second asked for by itself.
  long gap() {
    return Math.clamp(meter.product() / GAP_PART, LEAST_GAP, LARGEST_GAP);
  }
}
