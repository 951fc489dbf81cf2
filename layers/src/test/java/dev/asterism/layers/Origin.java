package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.TocLocator;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.registry.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/// Where layers come from in tests: a registry in this process, read over HTTP as the daemon does.
final class Origin implements AutoCloseable, BlobSource {
  /// Asks again at once where it is refused, and waits for an answer as long as the busiest machine
  /// takes.
  private static final RequestPolicy QUICK =
      RequestPolicy.DEFAULT
          .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60))
          .withRetries(3, Duration.ofMillis(5), Duration.ofMillis(20));

  /// Gives up early, but not before a busy machine has answered.
  private static final RequestPolicy IMPATIENT =
      QUICK.withTimeouts(Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(2));

  private final TestRegistry registry = TestRegistry.start();
  private final Optional<ShapedLink> link;
  private final RegistryClient client;
  private final AtomicInteger asked = new AtomicInteger();

  private Origin(RequestPolicy policy, Optional<LinkShape> shape) {
    link = shape.map(like -> ShapedLink.to(registry.port(), like));
    client =
        new RegistryClient(
            Hosts.standard(), Credentials.anonymous(), policy, InstantSource.system());
  }

  /// Starts an empty one.
  static Origin start() {
    return new Origin(RequestPolicy.DEFAULT, Optional.empty());
  }

  /// Starts one at the other end of a link.
  static Origin startBehind(LinkShape shape) {
    return new Origin(RequestPolicy.DEFAULT, Optional.of(shape));
  }

  /// Starts one whose client loses no time with a registry that refuses.
  static Origin startQuick() {
    return new Origin(QUICK, Optional.empty());
  }

  /// Starts one whose client gives up after two seconds, for a registry that says nothing.
  static Origin startImpatient() {
    return new Origin(IMPATIENT, Optional.empty());
  }

  TestRegistry registry() {
    return registry;
  }

  /// Returns the link that it is behind.
  ShapedLink link() {
    return link.orElseThrow();
  }

  private String host() {
    return link.map(ShapedLink::host).orElseGet(registry::host);
  }

  /// Serves a layer with small chunks.
  LayerRequest add(Layer layer) {
    return add(layer.estargz());
  }

  LayerRequest add(Layer.EstargzBlob blob) {
    return add(blob.bytes(), blob.tocDigest());
  }

  /// Serves a blob as a layer whose manifest pins that TOC.
  LayerRequest add(byte[] blob, Digest tocDigest) {
    return request(registry.blob(blob), tocDigest);
  }

  /// Returns how a layer is asked for, whether or not it is served.
  LayerRequest request(Digest layer, Digest tocDigest) {
    return new LayerRequest(
        host() + "/test/image:1", layer, Optional.of(tocDigest), Verification.REQUIRED);
  }

  @Override
  public Blob open(String image, Digest layer) throws IOException {
    asked.incrementAndGet();
    return new Counted(client.blob(ImageReference.parse(image), layer, OptionalLong.empty()));
  }

  @Override
  public Blob externalToc(String image, Digest layer) throws IOException {
    return ExternalTocs.find(client, ImageReference.parse(image), layer);
  }

  /// Counts what is asked for, before it is.
  private final class Counted implements Blob {
    private final Blob blob;

    Counted(Blob blob) {
      this.blob = blob;
    }

    @Override
    public long size() {
      return blob.size();
    }

    @Override
    public InputStream open(ByteRange range) throws IOException {
      return open(range, () -> {});
    }

    @Override
    public InputStream open(ByteRange range, Runnable again) throws IOException {
      asked.incrementAndGet();
      return blob.open(range, again);
    }
  }

  /// Returns how many blobs and ranges were asked for, whether or not the registry has answered.
  int asked() {
    return asked.get();
  }

  /// Returns the answers with content of a layer since the last reset of the counters, without
  /// those that only told its size.
  List<Traffic.Request> fetches(LayerRequest layer) {
    return registry.traffic().list(Target.blob(layer.layer())).stream()
        .filter(request -> !request.range().equals(Optional.of("bytes=0-0")))
        .toList();
  }

  /// Returns the ranges of a layer that were asked for although an earlier request had brought a
  /// part of them, each as a text.
  List<String> overlaps(LayerRequest layer) {
    // The look for a footer, of whatever format, reaches into what is before a short one.
    List<ByteRange> ranges =
        fetches(layer).stream()
            .map(Origin::range)
            .filter(range -> range.length() != TocLocator.MAX_FOOTER_SIZE)
            .toList();
    return IntStream.range(0, ranges.size())
        .filter(i -> ranges.subList(0, i).stream().anyMatch(r -> overlap(r, ranges.get(i))))
        .mapToObj(i -> ranges.get(i).toString())
        .toList();
  }

  /// Returns the ranges of a layer that were asked for since the last reset of the counters.
  List<ByteRange> ranges(LayerRequest layer) {
    return fetches(layer).stream().map(Origin::range).toList();
  }

  private static boolean overlap(ByteRange one, ByteRange other) {
    return one.start() < other.end() && other.start() < one.end();
  }

  private static ByteRange range(Traffic.Request request) {
    String[] ends = request.range().orElseThrow().substring("bytes=".length()).split("-", 2);
    return new ByteRange(Long.parseLong(ends[0]), Long.parseLong(ends[1]) + 1);
  }

  /// Returns how many bytes a layer's blob has.
  long size(LayerRequest layer) throws IOException {
    return open(layer.image(), layer.layer()).size();
  }

  @Override
  public void close() {
    client.close();
    link.ifPresent(ShapedLink::close);
    registry.close();
  }
}
