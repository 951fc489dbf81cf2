package dev.asterism.registry;

/// How to prove who asks. Immutable; never printed.
public sealed interface Credential {
  /// A user name and a password, or a token in its place.
  ///
  /// @param user without a colon (RFC 7617, section 2)
  record Basic(String user, String password) implements Credential {
    @Override
    public String toString() {
      return "Basic[secret]";
    }
  }

  /// A refresh token of the registry's token service (OAuth 2).
  record IdentityToken(String token) implements Credential {
    @Override
    public String toString() {
      return "IdentityToken[secret]";
    }
  }
}
