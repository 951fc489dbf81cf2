package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLContext;

/// A registry on a free port of 127.0.0.1 that serves what tests put into it.
///
/// Speaks HTTP/1.1, plain or over TLS: manifests, indexes and blobs by GET and HEAD, with single
/// ranges. It is right in everything unless told otherwise, at any time while it runs. Blobs belong
/// to every repository. Thread-safe.
public final class TestRegistry implements AutoCloseable {
  private static final Pattern MANIFEST = Pattern.compile("/v2/(.+)/manifests/([^/]+)");
  private static final Pattern BLOB = Pattern.compile("/v2/(.+)/blobs/([^/]+)");
  private static final String SIGNED = "/signed/";

  private final Traffic traffic = new Traffic();
  private final Gate gate = new Gate();
  private final Access access;
  private final Map<Digest, Content> blobs = new ConcurrentHashMap<>();
  private final Map<String, Document> manifests = new ConcurrentHashMap<>();
  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final AtomicInteger signature = new AtomicInteger(1);
  private final String scheme;
  private final Listener listener;
  private final Listener storage;
  private volatile boolean redirecting;

  private record Document(String mediaType, Content content) {}

  /// A fault that is switched on, for so many answers more.
  ///
  /// @param every one of so many answers, the last of them
  private record Rule(
      Target target, Fault fault, AtomicInteger left, int every, AtomicInteger seen) {
    Rule(Target target, Fault fault, int left, int every) {
      this(target, fault, new AtomicInteger(left), every, new AtomicInteger());
    }

    boolean isDue(String path, boolean redirect) {
      return !(target.content() && redirect)
          && target.path().test(path)
          && seen.incrementAndGet() % every == 0
          && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
    }
  }

  /// Starts an empty registry.
  public static TestRegistry start() {
    return new TestRegistry("http", ServerSocketFactory.getDefault());
  }

  /// Starts an empty registry that speaks TLS, at both its ports.
  ///
  /// @param tls has its keys
  public static TestRegistry start(SSLContext tls) {
    return new TestRegistry("https", tls.getServerSocketFactory());
  }

  /// Starts an empty registry that speaks TLS and only with clients who show a certificate.
  ///
  /// @param tls has its keys, and the authority of the clients
  public static TestRegistry startAskingForCertificates(SSLContext tls) {
    return new TestRegistry("https", new AskingSockets(tls.getServerSocketFactory()));
  }

  private TestRegistry(String scheme, ServerSocketFactory sockets) {
    this.scheme = scheme;
    access = new Access(scheme);
    listener = new Listener(this::answer, traffic, gate, sockets);
    storage = new Listener(this::answer, traffic, gate, sockets);
  }

  /// Returns `127.0.0.1:PORT`, the host of its image references.
  public String host() {
    return "127.0.0.1:" + port();
  }

  /// Returns the port it listens on; the same after [#refuseConnections] and [#up].
  public int port() {
    return listener.port();
  }

  /// Returns the other port, where [#redirectBlobs] leads to.
  public int storagePort() {
    return storage.port();
  }

  /// Returns how to pull `image` by tag from here.
  public String reference(TestImage image) {
    return reference(image, host());
  }

  /// Returns how to pull `image` by tag through another address, that of a link for instance.
  public String reference(TestImage image, String through) {
    return "%s/%s:%s".formatted(through, image.repository(), image.tag());
  }

  /// Serves a blob and returns its digest.
  public Digest blob(byte[] bytes) {
    return blob(Content.of(bytes));
  }

  /// Serves a blob and returns its digest.
  public Digest blob(Content content) {
    blobs.put(content.digest(), content);
    return content.digest();
  }

  /// Serves an image of `layers`, bottom first, that runs nothing.
  public TestImage image(String repository, String tag, TestLayer... layers) {
    return image(repository, tag, ImageConfig.running(), List.of(layers));
  }

  /// Serves an image of `layers`, bottom first, under a tag and by the digest of its manifest.
  public TestImage image(
      String repository, String tag, ImageConfig settings, List<TestLayer> layers) {
    Content config = Content.of(Documents.config(settings, layers));
    blob(config);
    layers.forEach(layer -> blob(layer.content()));
    Content manifest = Content.of(Documents.manifest(config, layers));
    manifest(repository, tag, Documents.IMAGE_MANIFEST, manifest);
    return new TestImage(
        repository,
        tag,
        manifest.digest(),
        manifest.size(),
        config.digest(),
        layers.stream().map(layer -> layer.content().digest()).toList(),
        settings);
  }

  /// Serves an index of images, which are in the same repository, in this order. Returns its
  /// digest.
  public Digest index(String repository, String tag, TestImage... images) {
    return manifest(
        repository, tag, Documents.IMAGE_INDEX, Content.of(Documents.index(List.of(images))));
  }

  /// Serves any bytes as a manifest, under a tag and by their digest, which is returned.
  public Digest manifest(String repository, String tag, String mediaType, byte[] bytes) {
    return manifest(repository, tag, mediaType, Content.of(bytes));
  }

  private Digest manifest(String repository, String tag, String mediaType, Content content) {
    Document document = new Document(mediaType, content);
    manifests.put(repository + ":" + tag, document);
    manifests.put(repository + ":" + content.digest(), document);
    return content.digest();
  }

  /// Does `fault` to every answer that `target` means, until [#clearFaults].
  public void fault(Target target, Fault fault) {
    rules.add(new Rule(target, fault, Integer.MAX_VALUE, 1));
  }

  /// Does `fault` to the next `count` answers that `target` means.
  public void faultNext(int count, Target target, Fault fault) {
    rules.add(new Rule(target, fault, count, 1));
  }

  /// Does `fault` to one of every `period` answers that `target` means, until [#clearFaults].
  public void faultEvery(int period, Target target, Fault fault) {
    rules.add(new Rule(target, fault, Integer.MAX_VALUE, period));
  }

  /// Is right in everything again. What stalls already goes on stalling.
  public void clearFaults() {
    rules.clear();
  }

  /// Asks everybody for a password.
  public void requireBasic(String user, String password) {
    access.require(new Access.Rule.Basic(user, password));
  }

  /// Asks everybody for a token, which its token service gives to `user` with `password`, or to who
  /// shows `password` as an identity token.
  public void requireToken(String user, String password, int lifeSeconds) {
    access.require(new Access.Rule.Bearer(user, password, lifeSeconds));
  }

  /// Asks everybody for a token, which its token service gives to everybody.
  public void requireAnonymousToken(int lifeSeconds) {
    access.require(new Access.Rule.Bearer("", "", lifeSeconds));
  }

  /// Accepts no token any more that was given until now.
  public void expireTokens() {
    access.expireTokens();
  }

  /// Returns how many tokens were given out.
  public int tokensIssued() {
    return access.tokensIssued();
  }

  /// From now on redirects requests for blobs to signed addresses at another port.
  public void redirectBlobs() {
    redirecting = true;
  }

  /// Refuses the signed addresses given until now with status 403.
  public void expireRedirects() {
    signature.incrementAndGet();
  }

  /// Drops every connection and refuses new ones.
  public void refuseConnections() {
    each(Listener::refuse);
  }

  /// Still accepts connections and reads requests, but sends nothing more, in the middle of answers
  /// too.
  public void fallSilent() {
    gate.set(false);
  }

  /// Is there again after [#refuseConnections] or [#fallSilent].
  public void up() {
    gate.set(true);
    each(Listener::accept);
  }

  /// Returns what was asked and sent, by both ports together.
  public Traffic traffic() {
    return traffic;
  }

  private interface Step {
    void on(Listener each) throws IOException, InterruptedException;
  }

  private void each(Step step) {
    try {
      step.on(listener);
      step.on(storage);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for connections to end", e);
    }
  }

  private Plan answer(HttpRequest request) {
    Plan plan = new Plan();
    route(request, plan);
    List<Fault> faults = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.isDue(request.path(), plan.redirect)) {
        faults.add(rule.fault());
      }
    }
    faults.forEach(plan::apply);
    return plan;
  }

  private void route(HttpRequest request, Plan plan) {
    String path = request.path();
    Matcher manifest = MANIFEST.matcher(path);
    Matcher blob = BLOB.matcher(path);
    if (path.equals("/token")) {
      access.issue(request, plan);
    } else if (path.startsWith(SIGNED)) {
      signed(request, plan);
    } else if (manifest.matches()) {
      guarded(request, manifest.group(1), plan, () -> manifest(manifest, plan));
    } else if (blob.matches()) {
      guarded(request, blob.group(1), plan, () -> blob(request, blob.group(2), plan));
    } else if (path.equals("/v2/")) {
      plan.document("application/json", new byte[] {'{', '}'});
    } else {
      plan.fail(404, "NAME_UNKNOWN");
    }
  }

  private void guarded(HttpRequest request, String repository, Plan plan, Runnable otherwise) {
    Optional<String> challenge = access.challenge(request, repository);
    if (challenge.isPresent()) {
      plan.fail(401, "UNAUTHORIZED");
      plan.headers.put("WWW-Authenticate", challenge.get());
    } else {
      otherwise.run();
    }
  }

  private void manifest(Matcher path, Plan plan) {
    Document document = manifests.get(path.group(1) + ":" + path.group(2));
    if (document == null) {
      plan.fail(404, "MANIFEST_UNKNOWN");
      return;
    }
    plan.headers.put("Content-Type", document.mediaType());
    plan.headers.put("Docker-Content-Digest", document.content().digest().toString());
    plan.whole(document.content());
  }

  private void blob(HttpRequest request, String digest, Plan plan) {
    if (redirecting && Digest.find(digest).map(blobs::containsKey).orElse(false)) {
      plan.status = 307;
      plan.redirect = true;
      plan.headers.put(
          "Location",
          "%s://127.0.0.1:%d%s%s?X-Signature=%d%%2Fa%%2Bb"
              .formatted(scheme, storage.port(), SIGNED, digest, signature.get()));
    } else {
      content(request, digest, plan);
    }
  }

  private void signed(HttpRequest request, Plan plan) {
    String valid = signature.get() + "/a+b";
    if (request.parameter("X-Signature").orElse("").equals(valid)) {
      content(request, request.path().substring(SIGNED.length()), plan);
    } else {
      plan.fail(403, "DENIED");
    }
  }

  private void content(HttpRequest request, String digest, Plan plan) {
    Optional<Content> content =
        Digest.find(digest).flatMap(found -> Optional.ofNullable(blobs.get(found)));
    if (content.isEmpty()) {
      plan.fail(404, "BLOB_UNKNOWN");
      return;
    }
    plan.headers.put("Content-Type", "application/octet-stream");
    plan.headers.put("Docker-Content-Digest", digest);
    plan.headers.put("Accept-Ranges", "bytes");
    plan.whole(content.get());
    request.header("range").ifPresent(plan::range);
  }

  /// Ends it: the ports are closed, the threads gone.
  @Override
  public void close() {
    gate.shutDown();
    each(Listener::refuse);
  }
}
