package dev.asterism.registry;

import java.util.Optional;
import org.apache.hc.client5.http.auth.AuthExchange;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.impl.DefaultSchemePortResolver;
import org.apache.hc.client5.http.impl.auth.BasicScheme;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.jspecify.annotations.Nullable;

/// Leads requests through [Proxies]: as they are over plain HTTP, by CONNECT for TLS. Thread-safe.
final class ProxyRoutes extends DefaultRoutePlanner {
  private final Proxies proxies;

  ProxyRoutes(Proxies proxies) {
    super(DefaultSchemePortResolver.INSTANCE);
    this.proxies = proxies;
  }

  /// A proxy is to be asked that nobody can ask. The message says which variable names it.
  static final class UnusableException extends HttpException {
    private static final long serialVersionUID = 1;

    private UnusableException(String trouble) {
      super(trouble);
    }
  }

  @Override
  protected @Nullable HttpHost determineProxy(HttpHost target, HttpContext context)
      throws HttpException {
    Optional<Proxies.Proxy> proxy = find(target);
    if (proxy.isEmpty()) {
      return null;
    }
    if (!proxy.get().trouble().isEmpty()) {
      throw new UnusableException(proxy.get().trouble());
    }
    return hostOf(proxy.get());
  }

  /// Returns the context of a request to `target`, with what its proxy is told of who asks.
  HttpClientContext context(HttpHost target) {
    HttpClientContext context = HttpClientContext.create();
    Optional<Proxies.Proxy> proxy = find(target);
    if (proxy.isPresent() && proxy.get().login().isPresent()) {
      Credential.Basic login = proxy.get().login().get();
      BasicScheme scheme = new BasicScheme();
      scheme.initPreemptive(
          new UsernamePasswordCredentials(login.user(), login.password().toCharArray()));
      AuthExchange exchange = new AuthExchange();
      exchange.select(scheme);
      context.setAuthExchange(hostOf(proxy.get()), exchange);
    }
    return context;
  }

  private Optional<Proxies.Proxy> find(HttpHost target) {
    int port = DefaultSchemePortResolver.INSTANCE.resolve(target);
    return proxies.find(target.getSchemeName(), target.getHostName(), port);
  }

  private static HttpHost hostOf(Proxies.Proxy proxy) {
    return new HttpHost("http", proxy.host(), proxy.port());
  }
}
