package dev.asterism.testkit.kubernetes;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/// An API server of Kubernetes that knows nothing but secrets: list with pages, and watch with
/// resource versions, over TLS on 127.0.0.1. What it sends is as Kubernetes' API concepts describe
/// it; it can forget its history, hang up and refuse. Thread-safe.
public final class ApiServer implements AutoCloseable {
  private static final String TYPE = "kubernetes.io/dockerconfigjson";
  private static final int FIRST_VERSION = 100;

  private final HttpsServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  @GuardedBy("this")
  private final NavigableMap<String, String> secrets = new TreeMap<>(); // name → object

  @GuardedBy("this")
  private final List<Change> history = new ArrayList<>();

  @GuardedBy("this")
  private final List<String> requests = new ArrayList<>();

  @GuardedBy("this")
  private int version = FIRST_VERSION;

  @GuardedBy("this")
  private int forgotten = FIRST_VERSION - 1; // this and what is older is not remembered

  @GuardedBy("this")
  private int cuts;

  @GuardedBy("this")
  private boolean endless;

  @GuardedBy("this")
  private int refusal;

  @GuardedBy("this")
  private String authorization = "";

  private record Change(int version, String event) {}

  private ApiServer(SSLContext tls, boolean asksForCertificates) throws IOException {
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.setHttpsConfigurator(
        new HttpsConfigurator(tls) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters wanted = tls.getDefaultSSLParameters();
            wanted.setNeedClientAuth(asksForCertificates);
            parameters.setSSLParameters(wanted);
          }
        });
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /// Starts one with no secret.
  public static ApiServer start(SSLContext tls) throws IOException {
    return new ApiServer(tls, false);
  }

  /// Starts one that serves only who shows a certificate.
  public static ApiServer startAskingForCertificates(SSLContext tls) throws IOException {
    return new ApiServer(tls, true);
  }

  /// Returns its address, e.g. `https://127.0.0.1:6443`.
  public String url() {
    return "https://127.0.0.1:" + server.getAddress().getPort();
  }

  /// Returns a kubeconfig whose current context is this server, among others.
  ///
  /// @param certificate of the authority that vouches for the server, PEM
  /// @param user what it says of the user, e.g. `{token: secret}`
  public String kubeconfig(String certificate, String user) {
    return """
    apiVersion: v1
    kind: Config
    current-context: this
    contexts:
    - {name: other, context: {cluster: nowhere, user: nobody}}
    - name: this
      context:
        cluster: "local"
        user: node
    clusters:
    - name: local
      cluster:
        server: %s
        certificate-authority-data: %s
    users:
    - name: node
      user: %s
    """
        .formatted(
            url(),
            Base64.getEncoder().encodeToString(certificate.getBytes(StandardCharsets.US_ASCII)),
            user);
  }

  /// Serves only requests with this value of the header `Authorization`; empty: all.
  public synchronized void require(String value) {
    authorization = value;
  }

  /// Answers everything with a status from now on; 0: as it should.
  public synchronized void refuse(int status) {
    refusal = status;
  }

  /// Says of each page of a list that there is another one.
  public synchronized void goOnForEver() {
    endless = true;
  }

  /// Makes a secret, or changes it.
  ///
  /// @param dockerConfig its value, in docker's format
  public synchronized void put(String namespace, String name, String dockerConfig) {
    version++;
    String object = object(namespace, name, dockerConfig);
    boolean known = secrets.containsKey(namespace + "/" + name);
    secrets.put(namespace + "/" + name, object);
    tell(known ? "MODIFIED" : "ADDED", object);
  }

  /// Removes a secret, which is there.
  public synchronized void delete(String namespace, String name) {
    if (!secrets.containsKey(namespace + "/" + name)) {
      throw new IllegalArgumentException("no secret " + name);
    }
    version++;
    secrets.remove(namespace + "/" + name);
    tell("DELETED", object(namespace, name, "{}"));
  }

  /// Sends a bookmark to all who watch.
  public synchronized void bookmark() {
    version++;
    tell(
        "BOOKMARK",
        "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"%d\"}}"
            .formatted(version));
  }

  /// Remembers nothing of what has happened: who watches from before is told that it is gone.
  public synchronized void forget() {
    forgotten = version;
    version++;
    history.clear();
    notifyAll();
  }

  /// Ends all calls that watch.
  public synchronized void cut() {
    cuts++;
    notifyAll();
  }

  /// Returns the queries of all requests until now, in order.
  public synchronized List<String> requests() {
    return List.copyOf(requests);
  }

  @GuardedBy("this")
  private void tell(String type, String object) {
    history.add(new Change(version, "{\"type\":\"%s\",\"object\":%s}\n".formatted(type, object)));
    notifyAll();
  }

  @GuardedBy("this")
  private String object(String namespace, String name, String dockerConfig) {
    return """
    {"kind":"Secret","apiVersion":"v1","metadata":{"name":"%s","namespace":"%s","labels":{"a":"b"},\
    "resourceVersion":"%d","managedFields":[{"fieldsV1":{"f:data":{}}}]},\
    "data":{".dockerconfigjson":"%s"},"type":"%s"}\
    """
        .formatted(
            name,
            namespace,
            version,
            Base64.getEncoder().encodeToString(dockerConfig.getBytes(StandardCharsets.UTF_8)),
            TYPE);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Map<String, String> query = query(exchange);
      Admission admission = admit(exchange, query);
      if (admission.status() != 200) {
        exchange.sendResponseHeaders(admission.status(), -1);
      } else if (query.getOrDefault("watch", "").equals("true")) {
        watch(
            exchange,
            Integer.parseInt(query.getOrDefault("resourceVersion", "0")),
            admission.cuts());
      } else {
        byte[] body = list(query).getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> parameters = new HashMap<>();
    String raw = exchange.getRequestURI().getRawQuery();
    Arrays.stream((raw == null ? "" : raw).split("&", -1))
        .map(pair -> pair.split("=", 2))
        .filter(pair -> pair.length == 2)
        .forEach(
            pair -> parameters.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8)));
    return parameters;
  }

  /// What becomes of a request.
  ///
  /// @param cuts how many there had been when it was noted: a later one ends it
  private record Admission(int status, int cuts) {}

  private synchronized Admission admit(HttpExchange exchange, Map<String, String> query) {
    requests.add(String.valueOf(exchange.getRequestURI().getRawQuery()));
    return new Admission(status(exchange, query), cuts);
  }

  @GuardedBy("this")
  private int status(HttpExchange exchange, Map<String, String> query) {
    if (refusal != 0) {
      return refusal;
    }
    if (!exchange.getRequestURI().getPath().equals("/api/v1/secrets")
        || !query.getOrDefault("fieldSelector", "").equals("type=" + TYPE)) {
      return 404;
    }
    String sent = exchange.getRequestHeaders().getFirst("Authorization");
    return authorization.isEmpty() || authorization.equals(sent) ? 200 : 401;
  }

  /// One page: what comes after the name that `continue` has.
  private synchronized String list(Map<String, String> query) {
    int limit = Integer.parseInt(query.getOrDefault("limit", "500"));
    NavigableMap<String, String> rest = secrets.tailMap(query.getOrDefault("continue", ""), false);
    List<String> page = rest.values().stream().limit(limit).toList();
    String last = rest.keySet().stream().limit(limit).reduce("", (_, name) -> name);
    String next = rest.size() > limit || endless ? last + (last.isEmpty() ? "~" : "") : "";
    return """
    {"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"%d","continue":"%s"},\
    "items":[%s]}\
    """
        .formatted(version, next, String.join(",", page));
  }

  private void watch(HttpExchange exchange, int from, int cut)
      throws IOException, InterruptedException {
    exchange.sendResponseHeaders(200, 0);
    OutputStream body = exchange.getResponseBody();
    body.flush();
    int seen = from;
    while (true) {
      List<Change> news = next(seen, cut);
      for (Change change : news) {
        body.write(change.event().getBytes(StandardCharsets.UTF_8));
        seen = Math.max(seen, change.version());
      }
      if (news.isEmpty() || news.getLast().version() < 0) {
        return;
      }
      body.flush();
    }
  }

  /// Waits for changes after a version; none when the call is to end.
  private synchronized List<Change> next(int seen, int cut) throws InterruptedException {
    while (cuts == cut) {
      if (seen <= forgotten) {
        return List.of(
            new Change(
                -1,
                "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"metadata\":{},\"code\":410,"
                    + "\"reason\":\"Expired\",\"message\":\"too old resource version\"}}\n"));
      }
      List<Change> news = history.stream().filter(change -> change.version() > seen).toList();
      if (!news.isEmpty()) {
        return news;
      }
      wait();
    }
    return List.of();
  }

  /// Ends all calls.
  @Override
  public void close() {
    cut();
    server.stop(0);
    threads.shutdownNow();
  }
}
