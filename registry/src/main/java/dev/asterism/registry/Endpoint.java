package dev.asterism.registry;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Pattern;

/// The address of a registry's API, without its `/v2/`. Immutable.
///
/// @param scheme `http` or `https`
/// @param authority host name or address, with `:port` if it is not the scheme's own
public record Endpoint(String scheme, String authority) {
  /// Where the API of Docker Hub is; `docker.io` itself is a web site.
  static final String DOCKER_HUB_AUTHORITY = "registry-1.docker.io";

  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|(?:[^:]+\\.)?localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1]");
  private static final Pattern PORT = Pattern.compile(":[0-9]+$");

  /// @throws IllegalArgumentException if they make no URI, or another scheme is named
  public Endpoint {
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException("scheme of a registry is http or https, not " + scheme);
    }
    try {
      URI uri = new URI(scheme + "://" + authority + "/").parseServerAuthority();
      if (uri.getHost() == null || uri.getRawUserInfo() != null || !uri.getRawPath().equals("/")) {
        throw new IllegalArgumentException("not a registry host: " + authority);
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("not a registry host: " + authority, e);
    }
  }

  /// Tells whether `authority` is this machine by its name, so that plain HTTP crosses no network.
  static boolean isLoopback(String authority) {
    String host = PORT.matcher(authority).replaceFirst("").toLowerCase(Locale.ROOT);
    return LOOPBACK.matcher(host).matches();
  }

  /// Returns `/v2/PATH` here. `path` holds nothing that needs quoting.
  URI resolve(String path) {
    return URI.create(scheme + "://" + authority + "/v2/" + path);
  }

  @Override
  public String toString() {
    return scheme + "://" + authority;
  }
}
