package dev.asterism.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// Decides for one operation whether a failed request is made again, and waits until it may be.
///
/// Confined to one thread.
final class Retry {
  private static final System.Logger LOG = System.getLogger(Retry.class.getName());

  /// So much has to arrive before earlier failures are forgiven.
  private static final long FORGIVING = 256 << 10; // 256 KiB

  private final RequestPolicy policy;
  private final Patience patience;
  private int failures;
  private long arrived;

  Retry(RequestPolicy policy, Patience patience) {
    this.policy = policy;
    this.patience = patience;
  }

  /// One request, or several that are one to the caller.
  interface Attempt<T> {
    T run() throws IOException;
  }

  /// Runs `attempt` until it succeeds.
  ///
  /// @throws IOException what it threw, when trying again is of no use or was tried enough
  <T> T run(Attempt<T> attempt) throws IOException {
    while (true) {
      try {
        return attempt.run();
      } catch (RegistryException e) {
        failed(e);
      }
    }
  }

  /// Notes that an operation gets on.
  void arrived(int bytes) {
    arrived += bytes;
    if (arrived >= FORGIVING) {
      arrived = 0;
      failures = 0;
    }
  }

  /// Counts a request whose answer was good but ended early.
  ///
  /// @throws RegistryException if there were too many of them
  void cameShort(String what) throws RegistryException {
    failures++;
    if (failures >= policy.attempts()) {
      throw RegistryException.unusable(
          what, "the server answers less and less of what it is asked for");
    }
  }

  /// Returns when another request should be made.
  ///
  /// @throws RegistryException `failure` itself, if none should
  /// @throws InterruptedIOException if the thread was interrupted meanwhile; it still is
  void failed(RegistryException failure) throws RegistryException, InterruptedIOException {
    failures++;
    if (!failure.retryable() || failures >= policy.attempts()) {
      throw failure;
    }
    Duration pause = pause(failure);
    if (pause.compareTo(patience.left()) >= 0) {
      throw failure;
    }
    LOG.log(
        System.Logger.Level.DEBUG,
        () ->
            "registry request failed, will repeat: attempt=%d pause=%s failure=\"%s\""
                .formatted(failures, pause, failure.getMessage()));
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException(failure.getMessage());
      interrupted.initCause(failure);
      throw interrupted;
    }
  }

  /// Doubles with each failure; half of it is random, so that who failed together does not come
  /// back together. What the server asked for is added to in the same way, never shortened.
  private Duration pause(RegistryException failure) {
    long base = policy.backoff().toNanos();
    long longest = policy.maxBackoff().toNanos();
    int doublings = Math.min(failures - 1, 30);
    long pause = base > (longest >> doublings) ? longest : base << doublings;
    long half = pause / 2;
    long jitter = ThreadLocalRandom.current().nextLong(half + 1);
    return failure.retryAfter().isZero()
        ? Duration.ofNanos(half + jitter)
        : failure.retryAfter().plusNanos(Math.min(jitter, base));
  }
}
