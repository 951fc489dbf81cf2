package dev.asterism.registry;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes blobs and manifests to one repository (distribution specification, "Push").
///
/// Blobs go in chunks, and an upload that is cut off goes on where the registry has it. A registry
/// shows a blob only when it is whole and hashes to its digest, and no manifest before its blobs:
/// what a failed push leaves is an unfinished upload, which is cancelled where the registry still
/// answers, and which registries throw away by themselves.
///
/// Thread-safe. Calls block; they are made for virtual threads.
public final class RepositoryWriter {
  private static final int CHUNK = 16 << 20; // 16 MiB
  private static final int MAX_CHUNK = 1 << 30; // 1 GiB
  private static final int MAX_HOPS = 5;
  private static final Duration GRACE = Duration.ofSeconds(8);
  private static final String BINARY = "application/octet-stream";

  /// `Range` of an unfinished upload: inclusive, with or without the unit.
  private static final Pattern RANGE = Pattern.compile("(?:bytes=)?0-([0-9]{1,18})");

  private final Transport transport;
  private final Authorizer authorizer;
  private final InstantSource clock;
  private final RequestPolicy policy;
  private final Authorizer.Realm realm;

  RepositoryWriter(
      Transport transport,
      Authorizer authorizer,
      InstantSource clock,
      RequestPolicy policy,
      Authorizer.Realm realm) {
    this.transport = transport;
    this.authorizer = authorizer;
    this.clock = clock;
    this.policy = policy;
    this.realm = realm;
  }

  /// Tells whether the repository has a blob.
  public boolean hasBlob(Digest digest) throws IOException {
    return exists("blobs/" + digest);
  }

  /// Tells whether the repository has a manifest or index of that digest.
  public boolean hasManifest(Digest digest) throws IOException {
    return exists("manifests/" + digest);
  }

  private boolean exists(String path) throws IOException {
    Map<String, String> accept = Map.of("Accept", RegistryClient.ACCEPTED + ", */*");
    try (Answer answer = retrying(p -> send(realm, "HEAD", at(path), accept, none(), p))) {
      return answer.status() / 100 == 2;
    } catch (RegistryException e) {
      if (e.status().orElse(0) == 404) {
        return false;
      }
      throw e;
    }
  }

  /// Has the registry link a blob from another repository of its own; tells whether it did. A
  /// registry that does not want to is no failure.
  ///
  /// @param from the other repository, without the host
  public boolean mount(Digest digest, String from) throws IOException {
    String query =
        "blobs/uploads/?mount=%s&from=%s".formatted(encode(digest.toString()), encode(from));
    try (Answer answer =
        retrying(p -> send(realm.reading(from), "POST", at(query), Map.of(), none(), p))) {
      if (answer.status() == 201) {
        return true;
      }
      cancel(location(answer, at(query))); // 202: an upload was begun in its place
      return false;
    } catch (RegistryException e) {
      if (e.status().isPresent() && !e.retryable()) {
        return false;
      }
      throw e;
    }
  }

  /// Pushes a blob.
  ///
  /// @param content hashes to `digest`: the registry checks it
  /// @param progress is told how many bytes the registry has
  /// @throws RegistryException if the registry refuses, or can't be reached within the policy's
  ///   patience; nothing is visible of it then
  /// @throws IOException if `content` can't be read
  public void push(Digest digest, Blob content, LongConsumer progress) throws IOException {
    for (int attempt = 1; ; attempt++) {
      Upload upload = begin();
      try {
        send(upload, content, progress);
        commit(upload, digest);
        return;
      } catch (LostUploadException e) {
        if (attempt == policy.attempts()) {
          throw e.failure();
        }
      } catch (IOException | RuntimeException e) { // who watches the progress may throw
        cancelAfter(upload, e);
        throw e;
      }
    }
  }

  /// An upload under way.
  private static final class Upload {
    private final int chunk;
    private volatile URI next;

    private Upload(URI begun, int chunk) {
      next = begun;
      this.chunk = chunk;
    }
  }

  /// The registry does not know any more what it had: only starting anew helps. (Debian's
  /// docker-registry is so after a chunk that was cut off.)
  private static final class LostUploadException extends IOException {
    private static final long serialVersionUID = 1;
    private final RegistryException failure;

    private LostUploadException(RegistryException failure) {
      super(failure);
      this.failure = failure;
    }

    private RegistryException failure() {
      return failure;
    }
  }

  private Upload begin() throws IOException {
    URI begin = at("blobs/uploads/");
    try (Answer answer = retrying(p -> send(realm, "POST", begin, Map.of(), none(), p))) {
      return new Upload(location(answer, begin), chunk(answer));
    }
  }

  /// The answer to a commit can be lost: then the repeated one finds no upload, but the blob.
  private void commit(Upload upload, Digest digest) throws IOException {
    String query = "digest=" + encode(digest.toString());
    URI end = upload.next;
    URI commit = URI.create(end + (end.getRawQuery() == null ? "?" : "&") + query);
    try {
      retrying(p -> send(realm, "PUT", commit, Map.of(), none(), p)).close();
    } catch (RegistryException e) {
      if (e.status().orElse(0) != 404 || !hasBlob(digest)) {
        throw e;
      }
    }
  }

  /// A registry may want larger chunks, as some object stores do behind it.
  private static int chunk(Answer answer) {
    String least = answer.header("OCI-Chunk-Min-Length").orElse("");
    return least.matches("[0-9]{1,9}")
        ? Math.clamp(Long.parseLong(least), CHUNK, MAX_CHUNK)
        : CHUNK;
  }

  /// Sends all of `content`.
  private void send(Upload upload, Blob content, LongConsumer progress) throws IOException {
    long at = 0;
    Patience patience = new Patience(policy.patience());
    patience.enter();
    try {
      Retry retry = new Retry(policy, patience);
      while (at < content.size()) {
        ByteRange range = new ByteRange(at, Math.min(content.size(), at + upload.chunk));
        try {
          LetFinish.run(GRACE, () -> patch(upload, content, range, patience));
          at = range.end();
          retry.arrived((int) range.length());
          progress.accept(at);
        } catch (RegistryException e) {
          at = resume(upload, e, retry, patience, content.size());
        }
      }
    } finally {
      patience.leave();
    }
  }

  /// Asks the registry how much it has, after a chunk that failed.
  private long resume(
      Upload upload, RegistryException failure, Retry retry, Patience patience, long size)
      throws IOException {
    if (failure.status().orElse(0) == 416) {
      retry.cameShort("upload to " + realm.repository());
    } else {
      retry.failed(failure);
    }
    try (Answer status =
        retry.run(() -> send(realm, "GET", upload.next, Map.of(), none(), patience))) {
      upload.next = location(status, upload.next);
      long held = held(status);
      if (held > size) {
        throw failure;
      }
      return held;
    } catch (RegistryException e) {
      if (e.status().orElse(0) == 404) {
        throw new LostUploadException(failure);
      }
      throw e;
    }
  }

  private void patch(Upload upload, Blob content, ByteRange range, Patience patience)
      throws IOException {
    Map<String, String> headers =
        Map.of("Content-Range", "%d-%d".formatted(range.start(), range.end() - 1));
    RequestBody body = new RequestBody(BINARY, range.length(), () -> content.open(range));
    try (Answer answer = send(realm, "PATCH", upload.next, headers, Optional.of(body), patience)) {
      upload.next = location(answer, upload.next);
    }
  }

  /// Returns how many bytes the registry has of an upload. `0-0` is how it says none.
  private static long held(Answer status) {
    Matcher range = RANGE.matcher(status.header("Range").orElse("").strip());
    long last = range.matches() ? Long.parseLong(range.group(1)) : 0;
    return last == 0 ? 0 : last + 1;
  }

  /// Puts a manifest or index under a tag, or under its digest alone.
  ///
  /// @param name tag or digest
  public void putManifest(String name, String mediaType, byte[] bytes) throws IOException {
    RequestBody body =
        new RequestBody(mediaType, bytes.length, () -> new ByteArrayInputStream(bytes));
    retrying(p -> send(realm, "PUT", at("manifests/" + name), Map.of(), Optional.of(body), p))
        .close();
  }

  /// Cancels also for a thread that was interrupted: it is a short request, and the last one.
  private void cancelAfter(Upload upload, Exception failure) {
    boolean interrupted = Thread.interrupted();
    try {
      cancel(upload.next);
    } catch (IOException e) {
      failure.addSuppressed(e); // it times out there
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void cancel(URI upload) throws IOException {
    Patience patience = new Patience(policy.connect());
    patience.enter();
    try {
      send(realm, "DELETE", upload, Map.of(), none(), patience).close();
    } finally {
      patience.leave();
    }
  }

  private interface Exchange {
    Answer run(Patience patience) throws IOException;
  }

  private Answer retrying(Exchange exchange) throws IOException {
    Patience patience = new Patience(policy.patience());
    patience.enter();
    try {
      return new Retry(policy, patience).run(() -> exchange.run(patience));
    } finally {
      patience.leave();
    }
  }

  /// Sends one request, with authorization and redirects taken care of; the answer's status is 2xx.
  private Answer send(
      Authorizer.Realm as,
      String method,
      URI target,
      Map<String, String> headers,
      Optional<RequestBody> body,
      Patience patience)
      throws IOException {
    String what =
        "%s %s of %s at %s".formatted(method, kind(target), as.repository(), as.endpoint());
    URI uri = target;
    boolean mayAuthorize = true;
    for (int hops = 0; hops <= MAX_HOPS; ) {
      boolean ours = Repository.isSameOrigin(uri, as.endpoint().resolve(""));
      Optional<String> authorization =
          ours ? authorizer.authorization(as, patience) : Optional.empty();
      Map<String, String> all = new HashMap<>(headers);
      authorization.ifPresent(value -> all.put("Authorization", value));
      Answer answer =
          transport.send(new Transport.Request(what, method, uri, all, "", body), patience);
      int status = answer.status();
      if (status / 100 == 2) {
        return answer;
      }
      if ((status == 307 || status == 308) && answer.header("Location").isPresent()) {
        answer.close();
        hops++;
        uri = Repository.follow(what, uri, answer.header("Location").get());
      } else if (status == 401 && ours && mayAuthorize) {
        mayAuthorize = false;
        if (!authorizer.learn(as, answer, authorization)) {
          throw Refusal.of(answer, clock);
        }
        answer.close();
      } else {
        throw Refusal.of(answer, clock);
      }
    }
    throw RegistryException.unusable(what, "more than %d redirects".formatted(MAX_HOPS));
  }

  /// What an address is of, without what it holds of secrets.
  private static String kind(URI target) {
    String path = String.valueOf(target.getPath());
    int blobs = path.indexOf("/blobs/");
    int manifests = path.indexOf("/manifests/");
    return path.contains("/blobs/uploads")
        ? "an upload"
        : blobs >= 0
            ? path.substring(blobs + 1)
            : manifests >= 0 ? path.substring(manifests + 1) : "a resource";
  }

  private URI at(String path) {
    return realm.endpoint().resolve(realm.repository() + "/" + path);
  }

  private static URI location(Answer answer, URI from) throws RegistryException {
    Optional<String> location = answer.header("Location");
    if (location.isEmpty()) {
      throw RegistryException.unusable(answer.what(), "the answer names no upload");
    }
    return Repository.follow(answer.what(), from, location.get());
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Optional<RequestBody> none() {
    return Optional.empty();
  }
}
