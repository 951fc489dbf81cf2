package dev.asterism.registry;

import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/// Says in words what is wrong with a server's TLS, where asking again would not help.
final class TlsTrouble {
  private static final int MAX_CAUSES = 16;

  /// What the JDK says of bytes that are no TLS record.
  private static final String NO_TLS = "Unsupported or unrecognized SSL message";

  private TlsTrouble() {}

  /// Returns what to tell a person; empty for other failures, and for those that may pass.
  ///
  /// @param authority host and port as the request names them
  static Optional<String> describe(IOException failure, String authority) {
    if (!(failure instanceof SSLException)) {
      return Optional.empty();
    }
    if (NO_TLS.equals(failure.getMessage())) {
      return Optional.of("%s does not speak TLS".formatted(authority));
    }
    if (find(failure, CertificateExpiredException.class).isPresent()) {
      return Optional.of("the certificate of %s has expired".formatted(authority));
    }
    if (find(failure, CertificateNotYetValidException.class).isPresent()) {
      return Optional.of(
          "the certificate of %s is not valid yet: is the clock right?".formatted(authority));
    }
    if (find(failure, CertPathBuilderException.class).isPresent()) {
      return Optional.of(
          "the certificate of %s is of no authority that is trusted here: put the authority's certificate, as PEM, into %s/%s/ca.crt"
              .formatted(authority, Authorities.STANDARD.getFirst(), authority));
    }
    return find(failure, CertificateException.class)
        .or(() -> find(failure, SSLPeerUnverifiedException.class))
        .map(cause ->
            "the certificate of %s is not for it: %s".formatted(authority, cause.getMessage()));
  }

  private static Optional<Throwable> find(Throwable failure, Class<? extends Throwable> type) {
    Throwable cause = failure;
    for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
      if (type.isInstance(cause)) {
        return Optional.of(cause);
      }
      cause = cause.getCause();
    }
    return Optional.empty();
  }
}
