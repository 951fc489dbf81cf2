package dev.asterism.registry;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Pulls from registries: resolves references, reads ranges of blobs.
///
/// One client serves the whole process: connections and tokens are shared by all that it opens.
/// Thread-safe. Calls block, and end within the policy's patience when nothing moves; they are made
/// for virtual threads. Interrupting a caller ends its call with an
/// [java.io.InterruptedIOException].
///
/// Lifetime: closing it fails what is under way, and every stream that is still open.
public final class RegistryClient implements AutoCloseable {
  /// Where a node has its registries' certificates.
  public static final List<Path> CERTIFICATES = Authorities.STANDARD;

  /// What every registry has to take (distribution specification, "Pushing Manifests"); configs are
  /// held to the same.
  private static final int MAX_MANIFEST = 4 << 20; // 4 MiB

  private static final int MAX_TAIL = 16 << 20; // 16 MiB

  /// An index may list an index; nobody needs more than that.
  private static final int MAX_DEPTH = 4;

  static final String ACCEPTED =
      Stream.of(Manifest.IMAGE_TYPES, Manifest.INDEX_TYPES)
          .flatMap(List::stream)
          .collect(Collectors.joining(", "));

  private final Hosts hosts;
  private final RequestPolicy policy;
  private final InstantSource clock;
  private final Transport transport;
  private final Authorizer authorizer;
  private final Authorities authorities;
  private final RequestCounts counts = new RequestCounts();
  private final Standing standing;

  /// As the other, with the authorities that this node's container runtimes trust.
  public RegistryClient(
      Hosts hosts, Credentials credentials, RequestPolicy policy, InstantSource clock) {
    this(hosts, credentials, policy, clock, Authorities.STANDARD);
  }

  /// @param hosts where registries are
  /// @param credentials asked when a registry wants to know who reads
  /// @param clock for the expiry of tokens
  /// @param authorities directories that hold `HOST:PORT/*.crt`: the certificates of authorities
  ///   that are trusted for one host, beside those of the JDK
  public RegistryClient(
      Hosts hosts,
      Credentials credentials,
      RequestPolicy policy,
      InstantSource clock,
      List<Path> authorities) {
    this(hosts, credentials, policy, clock, authorities, Proxies.of(System.getenv()));
  }

  /// As the other, which reads the proxies from the environment.
  public RegistryClient(
      Hosts hosts,
      Credentials credentials,
      RequestPolicy policy,
      InstantSource clock,
      List<Path> authorities,
      Proxies proxies) {
    this(hosts, credentials, policy, clock, authorities, proxies, ExchangeListener.NONE);
  }

  /// As the other, and shows the heads of its requests and their answers.
  ///
  /// @param dump gets each head as one text of some lines, without what is secret; called by
  ///   several threads at once
  public RegistryClient(
      Hosts hosts,
      Credentials credentials,
      RequestPolicy policy,
      InstantSource clock,
      List<Path> authorities,
      Proxies proxies,
      Consumer<String> dump) {
    this(hosts, credentials, policy, clock, authorities, proxies, new ExchangeDump(dump));
  }

  private RegistryClient(
      Hosts hosts,
      Credentials credentials,
      RequestPolicy policy,
      InstantSource clock,
      List<Path> authorities,
      Proxies proxies,
      ExchangeListener exchanges) {
    this.hosts = hosts;
    this.policy = policy;
    this.clock = clock;
    this.authorities = new Authorities(authorities);
    standing = new Standing(clock, counts);
    transport = new Transport(policy, this.authorities, proxies, exchanges);
    authorizer = new Authorizer(credentials, new Tokens(transport, credentials, policy, clock));
  }

  /// Loads what a client is made of, a quarter of a second of work in a new process that need not
  /// wait for anything: for a thread that has nothing else to do.
  public static void preload() {
    new Transport(
            RequestPolicy.DEFAULT,
            new Authorities(List.of()),
            Proxies.of(Map.of()),
            ExchangeListener.NONE)
        .close();
  }

  /// Resolves a reference to the manifest for `platform`. An index leads to its first entry for it;
  /// a manifest without an index is taken as it is.
  ///
  /// @throws RegistryException if there is no such image, none for this platform, or no usable
  ///   answer
  /// @throws CorruptContentException if a manifest does not hash to what the reference or the index
  ///   says
  public Image resolve(ImageReference reference, Platform platform) throws IOException {
    ImageReference next = reference;
    for (int depth = 0; depth < MAX_DEPTH; depth++) {
      Fetched fetched = fetch(next);
      switch (fetched.manifest()) {
        case Manifest.OfImage(Descriptor config, List<Descriptor> layers) -> {
          return new Image(reference, fetched.digest(), config, layers);
        }
        case Manifest.Index index ->
            next =
                reference.at(
                    index
                        .find(platform)
                        .orElseThrow(() ->
                            RegistryException.unusable(
                                reference.toString(), "no image for " + platform))
                        .digest());
      }
    }
    throw RegistryException.unusable(reference.toString(), "an index within an index without end");
  }

  /// Returns a manifest or an index as it is, without choosing among an index's images.
  ///
  /// @throws RegistryException if there is none, or it is none
  /// @throws CorruptContentException if it does not hash to what the reference says
  public ManifestDocument document(ImageReference reference) throws IOException {
    Fetched fetched = fetch(reference);
    return new ManifestDocument(fetched.mediaType(), fetched.digest(), fetched.bytes());
  }

  /// Returns what writes to the repository of `reference`.
  ///
  /// @throws IOException if a file that says where the registry is cannot be used
  public RepositoryWriter writer(ImageReference reference) throws IOException {
    // Mirrors are for reading: the registry itself is the last endpoint, unless it is named before.
    List<Endpoint> endpoints = endpoints(reference, Endpoint.Capability.PUSH);
    Endpoint endpoint =
        endpoints.stream()
            .filter(each -> each.isOf(reference.host()))
            .findFirst()
            .orElseGet(endpoints::getLast);
    Authorizer.Realm realm =
        new Authorizer.Realm(endpoint, reference.host(), reference.repository()).writable();
    return new RepositoryWriter(transport, authorizer, clock, policy, realm);
  }

  @SuppressWarnings("ArrayRecordComponent") // lives for one call
  private record Fetched(Digest digest, Manifest manifest, String mediaType, byte[] bytes) {}

  private Fetched fetch(ImageReference reference) throws IOException {
    List<Repository> repositories =
        repositories(
            reference,
            reference.digest().isPresent()
                ? Endpoint.Capability.PULL
                : Endpoint.Capability.RESOLVE);
    Patience patience = new Patience(policy.patience());
    patience.enter();
    try {
      return new Retry(policy, patience)
          .run(() ->
              FirstOf.each(
                  repositories, standing, Function.identity(), r -> fetch(reference, r, patience)));
    } finally {
      patience.leave();
    }
  }

  private static Fetched fetch(ImageReference reference, Repository from, Patience patience)
      throws IOException {
    Repository.Query query =
        new Repository.Query(
            "GET", "manifests/" + reference.manifestName(), Map.of("Accept", ACCEPTED));
    try (Answer answer = from.ask(query, new Redirect(), patience)) {
      byte[] bytes = answer.readAll(MAX_MANIFEST);
      Digest actual = Digest.of(bytes);
      Optional<Digest> expected =
          reference.digest().or(() -> answer.header("Docker-Content-Digest").flatMap(Digest::find));
      if (expected.isPresent() && !expected.get().equals(actual)) {
        throw new CorruptContentException(answer.what(), expected.get(), actual);
      }
      Manifest manifest = Manifest.parse(answer.what(), answer.mediaType(), bytes);
      return new Fetched(actual, manifest, answer.mediaType(), bytes);
    }
  }

  /// Returns the image config, at most 4 MiB, verified.
  ///
  /// @throws RegistryException if it is larger
  /// @throws CorruptContentException if it does not hash to its digest
  public byte[] config(Image image) throws IOException {
    Descriptor config = image.config();
    String what = "config of " + image.reference();
    if (config.size() > MAX_MANIFEST) {
      throw RegistryException.unusable(
          what, "%d bytes, more than %d".formatted(config.size(), MAX_MANIFEST));
    }
    byte[] bytes =
        blob(image.reference(), config.digest(), OptionalLong.of(config.size()))
            .read(new ByteRange(0, config.size()));
    Digest actual = Digest.of(bytes);
    if (!actual.equals(config.digest())) {
      throw new CorruptContentException(what, config.digest(), actual);
    }
    return bytes;
  }

  /// Returns the counts of its requests, which go on counting.
  public RequestCounts counts() {
    return counts;
  }

  /// Returns a blob of `reference`'s repository, to be read in ranges. Nothing is verified.
  ///
  /// With a size no request is made here. Without one, a request for one byte finds it out; the
  /// blob is never read for that.
  ///
  /// @param reference its tag and digest play no part
  /// @param size of the blob, as its descriptor says
  /// @throws RegistryException if the size cannot be found
  public Blob blob(ImageReference reference, Digest digest, OptionalLong size) throws IOException {
    return RemoteBlob.open(
        reference.name(),
        digest,
        size,
        repositories(reference, Endpoint.Capability.PULL),
        policy,
        standing);
  }

  /// Returns a blob whose size is not known, with its last bytes at hand: one request for both
  /// where the registry can. Nothing is verified.
  ///
  /// @param tail bytes to ask for, at most 16 MiB; they stay in memory with the blob
  /// @throws RegistryException if the size cannot be found
  public Blob blobWithTail(ImageReference reference, Digest digest, int tail) throws IOException {
    if (tail < 1 || tail > MAX_TAIL) {
      throw new IllegalArgumentException("tail of %d bytes".formatted(tail));
    }
    return RemoteBlob.openWithTail(
        reference.name(),
        digest,
        tail,
        repositories(reference, Endpoint.Capability.PULL),
        policy,
        standing);
  }

  private List<Repository> repositories(ImageReference reference, Endpoint.Capability capability)
      throws IOException {
    return endpoints(reference, capability).stream()
        .map(endpoint ->
            new Repository(
                transport,
                authorizer,
                clock,
                new Authorizer.Realm(endpoint, reference.host(), reference.repository())))
        .toList();
  }

  /// Returns who may be asked, at least one: the registry itself where nobody else is to be.
  private List<Endpoint> endpoints(ImageReference reference, Endpoint.Capability capability)
      throws IOException {
    List<Endpoint> able =
        hosts.endpoints(reference.host()).stream()
            .filter(endpoint -> endpoint.options().capabilities().contains(capability))
            .toList();
    able.forEach(authorities::learn);
    return able.isEmpty() ? List.of(Hosts.source(reference.host())) : able;
  }

  /// Aborts what is under way and closes the connections.
  @Override
  public void close() {
    transport.close();
  }
}
