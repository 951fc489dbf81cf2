package dev.asterism.registry;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Through which proxy a host is reached, as the environment says: `HTTP_PROXY`, `HTTPS_PROXY` and
/// `NO_PROXY`, or the same in lower case, as Go's `net/http` and so containerd reads them.
///
/// This machine's own addresses are never asked through a proxy. Immutable.
///
/// @param http for what is asked over plain HTTP
/// @param https for what is asked over TLS, by CONNECT
/// @param exceptions hosts that are reached without one
public record Proxies(Optional<Proxy> http, Optional<Proxy> https, List<Exempt> exceptions) {
  /// No proxy at all.
  public static final Proxies NONE = new Proxies(Optional.empty(), Optional.empty(), List.of());

  private static final int DEFAULT_PORT = 80;

  /// Copies the list.
  public Proxies {
    exceptions = List.copyOf(exceptions);
  }

  /// A proxy, or what is wrong with its address: that is said when it is needed. Immutable.
  ///
  /// @param host its name or address
  /// @param port from 1 to 65,535
  /// @param login empty for none
  /// @param trouble empty if it can be used
  public record Proxy(String host, int port, Optional<Credential.Basic> login, String trouble) {}

  /// Hosts that are reached without a proxy: one entry of `NO_PROXY`. Immutable.
  ///
  /// @param name in lower case: a domain, `.domain` for the hosts below it alone, an address,
  ///   `address/bits`, or `*`
  /// @param port empty for all
  public record Exempt(String name, Optional<Integer> port) {}

  /// Reads the variables.
  public static Proxies of(Map<String, String> environment) {
    UnaryOperator<String> variable =
        name ->
            Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isEmpty())
                .or(() -> Optional.ofNullable(environment.get(name.toLowerCase(Locale.ROOT))))
                .orElse("")
                .strip();
    return new Proxies(
        proxy("HTTP_PROXY", variable.apply("HTTP_PROXY")),
        proxy("HTTPS_PROXY", variable.apply("HTTPS_PROXY")),
        exceptions(variable.apply("NO_PROXY")));
  }

  private static Optional<Proxy> proxy(String name, String value) {
    if (value.isEmpty()) {
      return Optional.empty();
    }
    try {
      URI uri = new URI(value.contains("://") ? value : "http://" + value);
      if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
        return Optional.of(unusable(name + " is no address like http://proxy.example:3128"));
      }
      int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
      return Optional.of(new Proxy(uri.getHost(), port, login(uri), ""));
    } catch (URISyntaxException _) { // its message would show the password
      return Optional.of(unusable(name + " is no address like http://proxy.example:3128"));
    }
  }

  private static Proxy unusable(String trouble) {
    return new Proxy("", 0, Optional.empty(), trouble);
  }

  private static Optional<Credential.Basic> login(URI uri) {
    String login = uri.getUserInfo();
    if (login == null) {
      return Optional.empty();
    }
    int colon = login.indexOf(':');
    return Optional.of(
        colon < 0
            ? new Credential.Basic(login, "")
            : new Credential.Basic(login.substring(0, colon), login.substring(colon + 1)));
  }

  private static List<Exempt> exceptions(String value) {
    List<Exempt> list = new ArrayList<>();
    for (String word : value.toLowerCase(Locale.ROOT).split(",", -1)) {
      String entry = word.strip();
      if (!entry.isEmpty()) {
        HostAndPort parts = HostAndPort.of(entry);
        String name = parts.host().startsWith("*.") ? parts.host().substring(1) : parts.host();
        list.add(new Exempt(name, parts.port()));
      }
    }
    return list;
  }

  /// Returns the proxy for a request; empty for none.
  ///
  /// @param scheme `http` or `https`
  /// @param host name or address, an IPv6 one with or without brackets
  /// @param port of the host
  Optional<Proxy> find(String scheme, String host, int port) {
    String name = HostAndPort.bare(host.toLowerCase(Locale.ROOT));
    boolean direct =
        name.equals("localhost")
            || Addresses.isLoopback(name)
            || exceptions.stream().anyMatch(exception -> covers(exception, name, port));
    return direct ? Optional.empty() : scheme.equals("https") ? https : http;
  }

  private static boolean covers(Exempt exception, String host, int port) {
    if (exception.port().isPresent() && exception.port().get() != port) {
      return false;
    }
    String name = exception.name();
    if (name.equals("*") || name.equals(host)) {
      return true;
    }
    if (name.contains("/")) {
      return Addresses.isWithin(host, name);
    }
    return host.endsWith(name.startsWith(".") ? name : "." + name);
  }

  /// The two parts of `host:port`, `[address]:port`, or a host alone.
  private record HostAndPort(String host, Optional<Integer> port) {
    static HostAndPort of(String text) {
      int colon = text.lastIndexOf(':');
      boolean isPort =
          colon > 0
              && text.substring(colon + 1).matches("\\d{1,5}")
              && (text.indexOf(':') == colon || text.charAt(colon - 1) == ']');
      return isPort
          ? new HostAndPort(
              bare(text.substring(0, colon)),
              Optional.of(Integer.parseInt(text.substring(colon + 1))))
          : new HostAndPort(bare(text), Optional.empty());
    }

    static String bare(String host) {
      return host.startsWith("[") && host.endsWith("]")
          ? host.substring(1, host.length() - 1)
          : host;
    }
  }
}
