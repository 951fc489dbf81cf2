package dev.asterism.registry;

import dev.asterism.content.TransientFailure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// A registry did not give what it was asked for: refused, unreachable, or answered nonsense.
///
/// The message names host, repository and digest or tag, never a secret nor the query of a URL.
public final class RegistryException extends IOException implements TransientFailure {
  private static final long serialVersionUID = 1;

  /// 0 when there was no answer, or none that its status describes.
  private final int status;

  /// Empty when the answer had none.
  private final String code;

  private final boolean retryable;

  /// Whether it is worth waiting for what the same request may give later.
  private final boolean passing;

  /// What the server asked for; zero when it did not.
  private final Duration retryAfter;

  private RegistryException(
      String message, int status, String code, boolean retryable, Duration retryAfter) {
    this(message, status, code, retryable, retryAfter, retryable);
  }

  private RegistryException(
      String message,
      int status,
      String code,
      boolean retryable,
      Duration retryAfter,
      boolean passing) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryable = retryable;
    this.passing = passing;
    this.retryAfter = retryAfter;
  }

  /// The server answered with an error status.
  static RegistryException refused(
      String what, int status, String code, boolean retryable, Duration retryAfter) {
    return new RegistryException(
        "%s: status %d%s".formatted(what, status, code.isEmpty() ? "" : " (" + code + ")"),
        status,
        code,
        retryable,
        retryAfter);
  }

  /// Returns the same refusal, of somebody whose credentials may be known soon. The request is not
  /// repeated at once, but a read that can wait does.
  RegistryException untilCredentialsAreKnown() {
    RegistryException e =
        new RegistryException(
            getMessage() + ", and no credentials for it are known yet",
            status,
            code,
            retryable,
            retryAfter,
            true);
    e.setStackTrace(getStackTrace());
    return e;
  }

  /// The server answered something that cannot be used, and would again.
  static RegistryException unusable(String what, String why) {
    return new RegistryException(what + ": " + why, 0, "", false, Duration.ZERO);
  }

  /// Like [#unusable(String, String)], where something else noticed it.
  static RegistryException unusable(String what, String why, Throwable cause) {
    RegistryException e = unusable(what, why);
    e.initCause(cause);
    return e;
  }

  /// The server answered what contradicts itself or the question; another answer may be right.
  static RegistryException wrong(String what, String why) {
    return new RegistryException(what + ": " + why, 0, "", true, Duration.ZERO);
  }

  /// There was no answer, or not the whole of it.
  static RegistryException unreachable(String what, String why, Throwable cause) {
    RegistryException e = new RegistryException(what + ": " + why, 0, "", true, Duration.ZERO);
    e.initCause(cause);
    return e;
  }

  /// Returns the HTTP status of the refusal; empty when the registry did not answer at all, or
  /// answered what cannot be used.
  public OptionalInt status() {
    return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
  }

  /// Returns the error code of the distribution specification, e.g. `BLOB_UNKNOWN`, if the answer
  /// had one.
  public Optional<String> code() {
    return code.isEmpty() ? Optional.empty() : Optional.of(code);
  }

  /// Tells whether the same request may succeed later. It has been repeated as often as the policy
  /// says already.
  public boolean retryable() {
    return retryable;
  }

  @Override
  public boolean isTransient() {
    return passing;
  }

  Duration retryAfter() {
    return retryAfter;
  }
}
