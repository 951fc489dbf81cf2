package dev.asterism.registry;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/// Sends single HTTP requests over pooled connections and hands out the answers as they are: no
/// redirects, no retries, no cookies, no decompression.
///
/// Thread-safe.
final class Transport implements AutoCloseable {
  /// Redirects to signed URLs and challenges are long; nothing honest is longer.
  private static final int MAX_HEADER_LINE = 32 << 10; // 32 KiB

  private static final int MAX_HEADERS = 200;

  private final RequestPolicy policy;
  private final CloseableHttpClient client;
  private final ProxyRoutes routes;
  private final ExchangeListener exchanges;
  private final Watchdog watchdog = new Watchdog();
  private volatile boolean closed;

  /// @param authorities whose certificates servers may show
  Transport(
      RequestPolicy policy, Authorities authorities, Proxies proxies, ExchangeListener exchanges) {
    this.policy = policy;
    this.exchanges = exchanges;
    routes = new ProxyRoutes(proxies);
    Http1Config http =
        Http1Config.custom()
            .setBufferSize(32 << 10) // 32 KiB: less copying in small reads
            .setMaxLineLength(MAX_HEADER_LINE)
            .setMaxHeaderCount(MAX_HEADERS)
            .build();
    PoolingHttpClientConnectionManager connections =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setConnectionFactory(
                ManagedHttpClientConnectionFactory.builder().http1Config(http).build())
            .setTlsSocketStrategy(authorities)
            .setDnsResolver(new NameLookup(policy.connect()))
            .setMaxConnPerRoute(policy.connectionsPerHost())
            .setMaxConnTotal(8 * policy.connectionsPerHost())
            .setConnectionConfigResolver(route ->
                connection(
                    policy, authorities.connectTimeout(route.getTargetHost(), policy.connect())))
            .build();
    client =
        HttpClients.custom()
            .setConnectionManager(connections)
            .setRoutePlanner(routes)
            .setUserAgent("asterism")
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableContentCompression()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableConnectionState()
            .build();
  }

  private static ConnectionConfig connection(RequestPolicy policy, Duration connect) {
    return ConnectionConfig.custom()
        .setConnectTimeout(timeout(connect))
        .setSocketTimeout(timeout(policy.read()))
        .setValidateAfterInactivity(TimeValue.ofSeconds(2))
        .setTimeToLive(TimeValue.ofMinutes(10))
        .build();
  }

  private static Timeout timeout(Duration duration) {
    return Timeout.of(duration);
  }

  /// One request. Immutable.
  ///
  /// @param what it is for, the beginning of every error message; holds no secret and no query
  /// @param form body of a POST, `application/x-www-form-urlencoded`; empty for none
  /// @param body what to upload; not beside a form
  /// @param more headers, beside those and weaker than they
  /// @param timeout longest wait for something of the answer; empty for the policy's
  record Request(
      String what,
      String method,
      URI uri,
      Map<String, String> headers,
      String form,
      Optional<RequestBody> body,
      Map<String, List<String>> more,
      Optional<Duration> timeout) {
    Request(String what, String method, URI uri, Map<String, String> headers, String form) {
      this(what, method, uri, headers, form, Optional.empty());
    }

    Request(
        String what,
        String method,
        URI uri,
        Map<String, String> headers,
        String form,
        Optional<RequestBody> body) {
      this(what, method, uri, headers, form, body, Map.of(), Optional.empty());
    }

    /// Returns the same with headers of the endpoint, and its patience.
    Request with(Map<String, List<String>> newMore, Optional<Duration> newTimeout) {
      return new Request(what, method, uri, headers, form, body, newMore, newTimeout);
    }
  }

  /// Sends `request` once and returns the answer, its body unread. The caller closes it.
  ///
  /// @throws RegistryException if there is no answer; `retryable` unless it makes no sense to ask
  ///   again
  /// @throws InterruptedIOException if the thread was interrupted; it still is
  Answer send(Request request, Patience patience) throws IOException {
    HttpUriRequestBase message = new HttpUriRequestBase(request.method(), request.uri());
    message.setHeader("Accept-Encoding", "identity");
    request
        .more()
        .forEach((name, values) -> values.forEach(value -> message.addHeader(name, value)));
    request.headers().forEach(message::setHeader);
    if (!request.form().isEmpty()) {
      message.setEntity(
          new StringEntity(
              request.form(),
              ContentType.APPLICATION_FORM_URLENCODED.withCharset(StandardCharsets.UTF_8)));
    }
    request.body().ifPresent(body -> message.setEntity(body.entity(patience)));
    Duration left = patience.left();
    message.setConfig(
        RequestConfig.custom()
            .setConnectionRequestTimeout(timeout(atLeastOneMilli(left)))
            .setResponseTimeout(
                timeout(atLeastOneMilli(shorter(request.timeout().orElse(policy.read()), left))))
            .setRedirectsEnabled(false)
            .setAuthenticationEnabled(false)
            .setContentCompressionEnabled(false)
            .setProtocolUpgradeEnabled(false)
            .build());
    Watchdog.Guard guard = watchdog.guard(patience, message::abort);
    boolean answered = false;
    try {
      HttpHost target = RoutingSupport.determineHost(message);
      exchanges.sent(request.method(), request.uri(), message.getHeaders(), request.more());
      ClassicHttpResponse response = client.executeOpen(target, message, routes.context(target));
      exchanges.answered(
          response.getCode(), request.method(), request.uri(), response.getHeaders());
      Answer answer = new Answer(this, request.what(), message, response, guard);
      answered = true;
      return answer;
    } catch (HttpException e) {
      throw RegistryException.unusable(request.what(), "no usable address", e);
    } catch (IllegalStateException e) {
      // Aborting ends a request wherever it is, between two steps too.
      if (closed) {
        throw RegistryException.unusable(request.what(), "the client is closed", e);
      }
      if (!message.isCancelled()) {
        throw e;
      }
      throw RegistryException.unreachable(request.what(), "no answer in time", e);
    } catch (IOException e) {
      Optional<String> trouble = TlsTrouble.describe(e, request.uri().getAuthority());
      throw trouble.isPresent()
          ? RegistryException.unusable(request.what(), trouble.get(), e)
          : failure(request.what(), e);
    } finally {
      if (!answered) {
        guard.release();
      }
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  /// A timeout of zero would mean none at all.
  private static Duration atLeastOneMilli(Duration duration) {
    return duration.toMillis() < 1 ? Duration.ofMillis(1) : duration;
  }

  /// Returns what a failed send or read is for the caller. Every I/O failure of a request passes
  /// through here, once.
  IOException failure(String what, IOException e) {
    if (Thread.currentThread().isInterrupted()) {
      InterruptedIOException interrupted = new InterruptedIOException(what + ": interrupted");
      interrupted.initCause(e);
      return interrupted;
    }
    if (closed) {
      return RegistryException.unusable(what, "the client is closed", e);
    }
    return switch (e) {
      case RegistryException known -> known;
      case RequestBody.SourceException source -> source.reason();
      case ClientProtocolException proxy
          when proxy.getCause() instanceof ProxyRoutes.UnusableException trouble ->
          RegistryException.unusable(what, String.valueOf(trouble.getMessage()), e);
      case ClientProtocolException _ ->
          RegistryException.unusable(what, "the server does not speak HTTP", e);
      default -> RegistryException.unreachable(what, reason(e), e);
    };
  }

  private static String reason(IOException e) {
    String name = e.getClass().getSimpleName();
    return e.getMessage() == null ? name : name + ": " + e.getMessage();
  }

  /// Aborts what is under way and closes the connections.
  @Override
  public void close() {
    closed = true;
    watchdog.close();
    client.close(CloseMode.IMMEDIATE);
  }
}
