package dev.asterism.bench.daemon;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.link.ShapedLink;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.Content;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/// Any number of layers with files of their own, in a registry behind a link.
///
/// They are variations of one: their TOCs claim other digests for the same bytes. So nothing of
/// them may be read, but to prepare them is as much work as it would be for layers that tell the
/// truth. Confined to one thread, but for the registry.
final class Layers implements AutoCloseable {
  private static final String TOC = "stargz.index.json";
  private static final String ALGORITHM = "sha256:";
  private static final int CHANGED = 16; // digits of a digest
  private static final int REHEARSALS = 200; // or the client's own code would be in it
  private static final int ROUND_TRIPS = 15;

  private final Cleanup cleanup = Cleanup.open();
  private final TestRegistry registry = TestRegistry.start();
  private final ShapedLink link;
  private final Path folder;
  private final byte[] members;
  private final byte[] toc;
  private final byte[] footer;
  private int number;

  /// A layer that can be asked for. Immutable.
  ///
  /// @param image the reference that it belongs to
  record Served(String image, Digest digest, Digest tocDigest, Path file) {}

  /// @param files in each layer
  Layers(int files, LinkShape shape) throws IOException, InterruptedException {
    cleanup.add(registry::close);
    link = ShapedLink.to(registry.port(), shape);
    cleanup.add(link::close);
    ScratchFolder scratch = ScratchFolder.create("asterism-bench-layers-");
    cleanup.add(scratch::close);
    folder = scratch.path();
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      entries.add(Entry.file("usr/share/d%03d/file-%d".formatted(i % 300, i), "content " + i));
    }
    Layer.EstargzBlob model = new Layer(entries).estargz(EstargzOptions.DEFAULT);
    TocLocation location = TocLocator.locate(model.blob());
    byte[] tar =
        new GZIPInputStream(new ByteArrayInputStream(model.blob().read(location.range())))
            .readAllBytes();
    toc = Layer.ofTar(tar).entries().getFirst().content();
    members = Arrays.copyOf(model.bytes(), (int) location.tocOffset());
    footer = Arrays.copyOfRange(model.bytes(), (int) location.range().end(), model.bytes().length);
  }

  /// Makes and serves the next layer.
  Served next() throws IOException {
    number++;
    byte[] changed = toc.clone();
    long mask = Digest.of(("layer " + number).getBytes(UTF_8)).a();
    byte[] algorithm = ALGORITHM.getBytes(US_ASCII);
    for (int at = find(changed, algorithm, 0); at >= 0; at = find(changed, algorithm, at)) {
      at += algorithm.length;
      long bits = Long.parseUnsignedLong(new String(changed, at, CHANGED, US_ASCII), 16) ^ mask;
      byte[] digits = HexFormat.of().toHexDigits(bits).getBytes(US_ASCII);
      System.arraycopy(digits, 0, changed, at, CHANGED);
    }
    ByteArrayOutputStream blob = new ByteArrayOutputStream(members.length + changed.length / 2);
    blob.writeBytes(members);
    try (GZIPOutputStream member = new GZIPOutputStream(blob)) {
      member.write(Layer.of(Entry.file(TOC, changed)).tar());
    }
    blob.writeBytes(footer);
    Path file = Files.write(folder.resolve("layer-" + number), blob.toByteArray());
    Digest digest = registry.blob(Content.of(file));
    return new Served(link.host() + "/bench/layer:1", digest, Digest.of(changed), file);
  }

  private static int find(byte[] in, byte[] what, int from) {
    for (int at = from; at <= in.length - what.length; at++) {
      if (Arrays.equals(in, at, at + what.length, what, 0, what.length)) {
        return at;
      }
    }
    return -1;
  }

  /// Takes a layer's blob away: nobody will ask for it again.
  void forget(Served layer) throws IOException {
    Files.delete(layer.file());
  }

  /// Returns the time from a small request to its answer, on a connection that is open: the median,
  /// in nanoseconds.
  long roundTrip() throws IOException, InterruptedException {
    List<Long> times = new ArrayList<>();
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://" + link.host() + "/v2/")).build();
      for (int i = 0; i < REHEARSALS + ROUND_TRIPS; i++) {
        long began = System.nanoTime();
        HttpResponse<Void> _ = client.send(request, HttpResponse.BodyHandlers.discarding());
        long took = System.nanoTime() - began;
        if (i >= REHEARSALS) {
          times.add(took);
        }
      }
    }
    return times.stream().sorted().toList().get(ROUND_TRIPS / 2);
  }

  /// Returns how many requests were answered.
  long requests() {
    return registry.traffic().requests();
  }

  /// Refuses every connection from now on.
  void goAway() {
    registry.refuseConnections();
  }

  @Override
  public void close() throws IOException {
    cleanup.close();
  }
}
