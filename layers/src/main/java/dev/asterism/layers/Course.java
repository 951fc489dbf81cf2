package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// What has happened to a chunk on its way, so that it can be told what a call waited for. Times
/// are of System.nanoTime. Thread-safe.
final class Course {
  /// Requests that are remembered; there are more only while a registry is away.
  private static final int MAX_REQUESTS = 64;

  /// When each request for it was made.
  @GuardedBy("this")
  private final List<Long> requests = new ArrayList<>(1);

  /// When the last of them was made because another one had failed.
  @GuardedBy("this")
  private OptionalLong repeated = OptionalLong.empty();

  /// When its compressed bytes had come.
  @GuardedBy("this")
  private OptionalLong here = OptionalLong.empty();

  /// Notes that a range with it is asked for.
  synchronized void asked(long now) {
    if (!requests.isEmpty()) {
      repeated = OptionalLong.of(now);
    }
    here = OptionalLong.empty();
    if (requests.size() < MAX_REQUESTS) {
      requests.add(now);
    }
  }

  /// Notes that its compressed bytes have come.
  synchronized void came(long now) {
    here = OptionalLong.of(now);
  }

  /// Notes that a request has failed after which the rest is asked for again; says nothing if its
  /// bytes had come by then.
  synchronized void broke(long now) {
    if (here.isEmpty()) {
      asked(now);
    }
  }

  /// Returns how a call has waited.
  ///
  /// @param found how the chunk was found by it
  /// @param begin of the wait
  /// @param end of the wait
  /// @param came whether it got the chunk
  synchronized CallWait told(Found found, long begin, long end, boolean came) {
    int own = (int) requests.stream().filter(request -> request - begin >= 0).count();
    boolean wasHere = here.isPresent() && here.getAsLong() - begin <= 0;
    boolean wasComing = own < requests.size() || (requests.isEmpty() && found == Found.ON_ITS_WAY);
    int waitedFor = own + (wasComing && !wasHere ? 1 : 0);
    return new CallWait(
        Duration.ofNanos(end - begin), came, cause(found, begin, end, came, wasComing), waitedFor);
  }

  @GuardedBy("this")
  private WaitCause cause(Found found, long begin, long end, boolean came, boolean wasComing) {
    long half = (end - begin) / 2;
    if (!came || (repeated.isPresent() && repeated.getAsLong() - begin >= 0)) {
      return WaitCause.REPEATED;
    }
    if (requests.isEmpty()) { // the chunk came by itself, or through another layer's request
      return found == Found.ON_ITS_WAY ? WaitCause.COMING : WaitCause.UNPACKED;
    }
    if (here.isPresent() && end - Math.max(here.getAsLong() - begin, 0) - begin > half) {
      return WaitCause.UNPACKED;
    }
    if (wasComing) {
      return WaitCause.COMING;
    }
    boolean wasQueued = requests.getFirst() - begin > half;
    return wasQueued || found == Found.ON_ITS_WAY ? WaitCause.QUEUED : WaitCause.COLD;
  }
}
