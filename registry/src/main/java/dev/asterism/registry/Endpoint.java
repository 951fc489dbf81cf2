package dev.asterism.registry;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// One place that serves a registry: the registry itself, or a mirror. Immutable.
///
/// @param scheme `http` or `https`
/// @param authority host name or address, with `:port` if it is not the scheme's own
/// @param path where its API begins, without a slash at its end; usually `/v2`
/// @param options how it is asked
public record Endpoint(String scheme, String authority, String path, Options options) {
  /// How an endpoint is asked. Immutable; printed without headers, which may be secrets.
  ///
  /// @param capabilities what it is asked for
  /// @param headers that go with each request to it, and nowhere else
  /// @param timeout the longest wait for something of an answer; empty for the client's own
  /// @param connect the longest wait for a connection; empty for the client's own
  /// @param tls whom it is trusted by, and what is shown to it
  public record Options(
      Set<Capability> capabilities,
      Map<String, List<String>> headers,
      Optional<Duration> timeout,
      Optional<Duration> connect,
      TlsFiles tls) {
    /// Everything, and nothing special.
    public static final Options DEFAULT =
        new Options(
            EnumSet.allOf(Capability.class),
            Map.of(),
            Optional.empty(),
            Optional.empty(),
            TlsFiles.NONE);

    /// Copies the collections.
    public Options {
      capabilities = Set.copyOf(capabilities);
      headers = Map.copyOf(headers);
    }

    /// Returns the same with other files for TLS.
    public Options withTls(TlsFiles files) {
      return new Options(capabilities, headers, timeout, connect, files);
    }

    @Override
    public String toString() {
      return "Options[capabilities=%s, headers=%s]".formatted(capabilities, headers.keySet());
    }
  }

  /// What an endpoint can be asked for, by the words of containerd's `hosts.toml`.
  public enum Capability {
    /// Blobs, and manifests by digest.
    PULL,
    /// Manifests by tag.
    RESOLVE,
    /// To keep something.
    PUSH
  }

  private static final String API = "/v2";

  /// Where the API of Docker Hub is; `docker.io` itself is a web site.
  static final String DOCKER_HUB_AUTHORITY = "registry-1.docker.io";

  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|(?:[^:]+\\.)?localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1]");
  private static final Pattern PATH = Pattern.compile("(?:/[A-Za-z0-9._~-]+)*");
  private static final Pattern PORT = Pattern.compile(":[0-9]+$");

  /// As the other, asked in the usual way.
  public Endpoint(String scheme, String authority) {
    this(scheme, authority, API, Options.DEFAULT);
  }

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
    if (!PATH.matcher(path).matches()) {
      throw new IllegalArgumentException("not a path of a registry: " + path);
    }
  }

  /// Returns how an authority is spoken to where nothing is said: plain HTTP on this machine only.
  public static String schemeOf(String authority) {
    return isLoopback(authority) ? "http" : "https";
  }

  /// Tells whether `authority` is this machine by its name, so that plain HTTP crosses no network.
  static boolean isLoopback(String authority) {
    String host = PORT.matcher(authority).replaceFirst("").toLowerCase(Locale.ROOT);
    return LOOPBACK.matcher(host).matches();
  }

  /// Returns the address of `path` below the API. `path` holds nothing that needs quoting.
  URI resolve(String path) {
    return URI.create(scheme + "://" + authority + this.path + "/" + path);
  }

  /// Returns the address of `path` for what belongs to the registry `host`. A mirror is told whose
  /// it is, as containerd does (`ns`), so that one mirror can serve several registries.
  URI resolve(String path, String host) {
    URI plain = resolve(path);
    return isOf(host)
        ? plain
        : URI.create(plain + "?ns=" + URLEncoder.encode(host, StandardCharsets.UTF_8));
  }

  /// Tells whether this is the registry `host` itself, and not a mirror.
  boolean isOf(String host) {
    return authority.equals(Hosts.authorityOf(host));
  }

  /// Returns whose credentials are shown here for what belongs to the registry `host`: a mirror
  /// sees its own only.
  String credentialHost(String host) {
    return isOf(host) ? host : authority;
  }

  /// Returns the host without brackets, and the port: as TLS sees it.
  String hostAndPort() {
    URI uri = URI.create(scheme + "://" + authority);
    int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
    return uri.getHost().replaceAll("[\\[\\]]", "") + ":" + port;
  }

  @Override
  public String toString() {
    return scheme + "://" + authority + (path.equals(API) ? "" : path);
  }
}
