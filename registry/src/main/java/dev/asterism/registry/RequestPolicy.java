package dev.asterism.registry;

import java.time.Duration;

/// How long to wait for a registry, how often to ask again, how much to ask at once. Immutable.
///
/// @param connect longest wait for a TCP connection
/// @param read longest wait for the next bytes of an answer before the request counts as failed
/// @param patience longest time that one operation may go on, retries and pauses included, without
///   16 KiB arriving: after it the caller gets an error. Time that the caller spends between reads
///   does not count
/// @param attempts requests in a row that may fail before the caller gets the error, 1 or more; the
///   count starts again when 256 KiB have arrived
/// @param backoff pause after the first failure; doubles with each, and is shortened by up to half
///   at random
/// @param maxBackoff longest such pause. A server's own `Retry-After` may be longer, within
///   `patience`
/// @param maxSkip bytes to throw away at most when a server answers more than it was asked for and
///   begins before the offset that was asked
/// @param connectionsPerHost open connections to one host; more requests than that wait
public record RequestPolicy(
    Duration connect,
    Duration read,
    Duration patience,
    int attempts,
    Duration backoff,
    Duration maxBackoff,
    long maxSkip,
    int connectionsPerHost) {
  /// For a registry somewhere in the world: 30 seconds of patience, 5 attempts, 32 connections:
  /// more than are asked for at a time.
  public static final RequestPolicy DEFAULT =
      new RequestPolicy(
          Duration.ofSeconds(5),
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          5,
          Duration.ofMillis(100),
          Duration.ofSeconds(5),
          8 << 20, // 8 MiB
          32);

  /// @throws IllegalArgumentException if a duration or a count is not positive, `maxSkip` negative,
  ///   or a duration longer than a day
  public RequestPolicy {
    requirePositive("connect", connect);
    requirePositive("read", read);
    requirePositive("patience", patience);
    requirePositive("backoff", backoff);
    requirePositive("maxBackoff", maxBackoff);
    if (attempts < 1 || connectionsPerHost < 1 || maxSkip < 0) {
      throw new IllegalArgumentException(
          "attempts %d and connectionsPerHost %d must be positive, maxSkip %d not negative"
              .formatted(attempts, connectionsPerHost, maxSkip));
    }
  }

  private static void requirePositive(String name, Duration duration) {
    if (duration.compareTo(Duration.ofMillis(1)) < 0
        || duration.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "%s must be between 1 ms and a day, not %s".formatted(name, duration));
    }
  }

  /// Returns a copy with other waits.
  public RequestPolicy withTimeouts(Duration newConnect, Duration newRead, Duration newPatience) {
    return new RequestPolicy(
        newConnect,
        newRead,
        newPatience,
        attempts,
        backoff,
        maxBackoff,
        maxSkip,
        connectionsPerHost);
  }

  /// Returns a copy with other retries.
  public RequestPolicy withRetries(int newAttempts, Duration newBackoff, Duration newMaxBackoff) {
    return new RequestPolicy(
        connect,
        read,
        patience,
        newAttempts,
        newBackoff,
        newMaxBackoff,
        maxSkip,
        connectionsPerHost);
  }

  /// Returns a copy that throws away at most `bytes` before the offset that was asked for.
  public RequestPolicy withMaxSkip(long bytes) {
    return new RequestPolicy(
        connect, read, patience, attempts, backoff, maxBackoff, bytes, connectionsPerHost);
  }
}
