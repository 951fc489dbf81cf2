package dev.asterism.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// The two calls of Kubernetes' API that pull secrets need: list and watch, in all namespaces
/// ("Efficient detection of changes" in Kubernetes' API concepts). Confined to one thread but for
/// [#close], which ends a call that is under way.
final class SecretsApi implements AutoCloseable {
  private static final String PATH = "/api/v1/secrets";
  private static final int PAGE = 50; // secrets, of 1 MiB at most each

  /// What the server ends a watch after by itself.
  private static final int WATCH_SECONDS = 240;

  /// Nothing for so long means that the server is gone: bookmarks come every minute.
  private static final Timeout SILENCE = Timeout.ofSeconds(WATCH_SECONDS + 30);

  private static final Timeout CONNECT = Timeout.ofSeconds(10);
  private static final Timeout ANSWER = Timeout.ofSeconds(60);
  private static final int MAX_TEXT = 2 << 20; // 2 MiB: a secret of 1 MiB in base64
  private static final int MAX_TOKEN = 1 << 16; // 64 KiB

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(MAX_TEXT).maxNestingDepth(64).build())
          .build();

  private final Kubeconfig config;
  private final CloseableHttpClient client;

  @GuardedBy("this")
  private @Nullable HttpGet underWay;

  @GuardedBy("this")
  private boolean closed;

  /// @throws IOException if a certificate or key of the file is none
  SecretsApi(Kubeconfig config) throws IOException {
    this.config = config;
    this.client =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setTlsSocketStrategy(
                        TlsContexts.of(config.authority(), config.client(), config.skipVerify()))
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom().setConnectTimeout(CONNECT).build())
                    .build())
            .setUserAgent("asterism")
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableContentCompression()
            .disableCookieManagement()
            .disableAuthCaching()
            .build();
  }

  /// One page of a list. Immutable.
  ///
  /// @param version of the list: where a watch goes on
  /// @param next asks for the next page; empty at the end
  record Page(List<PullSecret> secrets, String version, String next) {
    Page {
      secrets = List.copyOf(secrets);
    }
  }

  /// What a watch tells.
  sealed interface Event {
    /// A secret is new, or another than it was.
    record Changed(PullSecret secret) implements Event {}

    /// A secret is no more.
    record Deleted(String name) implements Event {}

    /// Until here nothing was missed.
    record At(String version) implements Event {}
  }

  /// The server does not remember what it is asked about: the list must be read anew.
  static final class GoneException extends IOException {
    GoneException() {
      super("the API server does not remember so far back");
    }
  }

  /// Reads one page.
  ///
  /// @param next of the page before; empty for the first one
  /// @throws GoneException if the list has to be begun anew
  /// @throws IOException if the server cannot be asked or says something else; quotes nothing
  Page list(String next) throws IOException {
    HttpGet request = request("&limit=" + PAGE + (next.isEmpty() ? "" : "&continue=" + url(next)));
    request.setConfig(RequestConfig.custom().setResponseTimeout(ANSWER).build());
    return call(request, SecretsApi::page);
  }

  /// Hands on what changes after `version`, until the server ends the call or another thread closes
  /// this.
  ///
  /// @throws GoneException if the list has to be read anew
  /// @throws IOException as [#list]
  void watch(String version, Consumer<Event> listener) throws IOException {
    HttpGet request =
        request(
            "&watch=true&allowWatchBookmarks=true&timeoutSeconds=%d&resourceVersion=%s"
                .formatted(WATCH_SECONDS, url(version)));
    request.setConfig(RequestConfig.custom().setResponseTimeout(SILENCE).build());
    call(
        request,
        json -> {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            event(json, listener);
          }
          return true;
        });
  }

  private HttpGet request(String more) throws IOException {
    String query = "?fieldSelector=type%3D" + url(PullSecret.TYPE) + more;
    HttpGet request = new HttpGet(URI.create(config.server() + PATH + query));
    request.setHeader("Accept", "application/json");
    Optional<String> authorization = authorization();
    authorization.ifPresent(value -> request.setHeader("Authorization", value));
    return request;
  }

  private static String url(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private Optional<String> authorization() throws IOException {
    return switch (config.login()) {
      case Kubeconfig.Login.None _ -> Optional.empty();
      case Kubeconfig.Login.Token(String token) -> Optional.of("Bearer " + token);
      case Kubeconfig.Login.TokenFile(var file) -> {
        if (Files.size(file) > MAX_TOKEN) {
          throw new IOException("%s: longer than %d bytes".formatted(file, MAX_TOKEN));
        }
        yield Optional.of("Bearer " + Files.readString(file).strip());
      }
      case Kubeconfig.Login.Password(String user, String password) ->
          Optional.of(
              "Basic "
                  + Base64.getEncoder()
                      .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
    };
  }

  private interface Reader<T> {
    T read(JsonParser json) throws IOException;
  }

  private <T> T call(HttpGet request, Reader<T> reader) throws IOException {
    synchronized (this) {
      if (closed) {
        throw new IOException("closed");
      }
      underWay = request;
    }
    try (ClassicHttpResponse response = client.executeOpen(null, request, null)) {
      int status = response.getCode();
      if (status == 410) {
        throw new GoneException();
      }
      if (status != 200 || response.getEntity() == null) {
        throw new IOException("%s%s: HTTP status %d".formatted(config.server(), PATH, status));
      }
      InputStream body = response.getEntity().getContent();
      try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), body)) {
        return reader.read(json);
      } catch (JacksonException e) {
        if (e.getCause() instanceof IOException failure) {
          throw failure;
        }
        throw new IOException(config.server() + PATH + ": the answer is not what it should be");
      }
    } catch (IllegalStateException e) {
      throw new IOException("the client was closed", e); // by another thread, before this call
    } finally {
      request.abort(); // what was not read is not waited for
    }
  }

  private static Page page(JsonParser json) throws IOException {
    if (json.nextToken() != JsonToken.START_OBJECT) {
      throw new IOException("a list of secrets is no object");
    }
    List<PullSecret> secrets = new ArrayList<>();
    String version = "";
    String next = "";
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("metadata") && value == JsonToken.START_OBJECT) {
        var metadata = DockerConfig.strings(json);
        version = metadata.getOrDefault("resourceVersion", "");
        next = metadata.getOrDefault("continue", "");
      } else if (field.equals("items") && value == JsonToken.START_ARRAY) {
        while (json.nextToken() == JsonToken.START_OBJECT && secrets.size() <= 2 * PAGE) {
          secrets.add(PullSecret.read(json).secret());
        }
      } else {
        json.skipChildren();
      }
    }
    return new Page(secrets, version, next);
  }

  private static void event(JsonParser json, Consumer<Event> listener) throws IOException {
    String type = "";
    Optional<PullSecret.Reading> object = Optional.empty();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("type") && value == JsonToken.VALUE_STRING) {
        type = json.getString();
      } else if (field.equals("object") && value == JsonToken.START_OBJECT) {
        object = Optional.of(PullSecret.read(json));
      } else {
        json.skipChildren();
      }
    }
    if (object.isEmpty()) {
      throw new IOException("an event of secrets has no object");
    }
    PullSecret secret = object.get().secret();
    switch (type) {
      case "ADDED", "MODIFIED" -> listener.accept(new Event.Changed(secret));
      case "DELETED" -> listener.accept(new Event.Deleted(secret.name()));
      case "BOOKMARK" -> {
        // its version is told below
      }
      case "ERROR" -> {
        if (object.get().code() == 410) {
          throw new GoneException();
        }
        throw new IOException("the watch of secrets ended with code " + object.get().code());
      }
      default -> throw new IOException("an event of secrets is of no type that is known");
    }
    if (!object.get().version().isEmpty()) {
      listener.accept(new Event.At(object.get().version()));
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (underWay != null) {
        underWay.abort(); // also one that has no connection yet, which the client would not end
      }
    }
    client.close(CloseMode.IMMEDIATE);
  }
}
