package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.content.Trace;
import dev.asterism.estargz.TocLocator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/// Blobs of layers that will be asked for next, opened side by side, with footer and TOC at hand:
/// who asks layer by layer does not wait for the registry layer by layer.
///
/// What is held here is bytes and no more. Nobody has verified them, and nobody could: what a
/// layer's TOC must hash to comes only when that layer is asked for. Each blob is given out once,
/// and forgotten after a while if nobody asks.
///
/// Bounds: [#WINDOW] blobs of one registry, so that one that does not answer takes no other's
/// place, and [#MAX_BLOBS] in all; at most [#MAX_HELD] bytes of TOC each, beside what the source
/// itself keeps of a blob's end. Thread-safe.
final class OpenedAhead implements BlobSource {
  private static final Logger LOGGER = System.getLogger(OpenedAhead.class.getName());

  /// How far ahead: as many layers as are opened at the same time for one image.
  static final int WINDOW = 8;

  private static final int MAX_BLOBS = 4 * WINDOW;
  private static final long MAX_HELD = 2 << 20; // 2 MiB: the TOC of some 50,000 files
  private static final Duration KEPT = Duration.ofMinutes(1);

  private final BlobSource source;
  private final ConcurrentMap<Key, FutureTask<Blob>> opened = new ConcurrentHashMap<>();

  private record Key(String image, Digest layer) {}

  OpenedAhead(BlobSource source) {
    this.source = source;
  }

  /// Begins to open layers, the next ones first, and returns at once. Those beyond the bounds are
  /// left for later.
  void expect(String image, List<Digest> layers) {
    for (Digest layer : layers) {
      String host = host(image);
      if (opened.size() >= MAX_BLOBS
          || opened.keySet().stream().filter(key -> host(key.image()).equals(host)).count()
              >= WINDOW) {
        return;
      }
      Key key = new Key(image, layer);
      FutureTask<Blob> task = new FutureTask<>(Trace.carry(() -> openWithToc(key)));
      if (opened.putIfAbsent(key, task) == null) {
        Thread.ofVirtual().name("open ahead " + layer).start(task);
        CompletableFuture.delayedExecutor(KEPT.toMillis(), TimeUnit.MILLISECONDS)
            .execute(() -> opened.remove(key, task));
      }
    }
  }

  /// Returns the registry of an image reference.
  static String host(String image) {
    return image.substring(0, Math.max(0, image.indexOf('/')));
  }

  private Blob openWithToc(Key key) throws IOException {
    Blob blob = source.open(key.image(), key.layer());
    try {
      long toc = TocLocator.locate(blob).tocOffset();
      return blob.size() - toc > MAX_HELD ? blob : withEnd(blob, toc);
    } catch (MalformedLayerException _) {
      return blob; // who asks for the layer will find the same, and say so
    }
  }

  /// Returns the blob with what follows `from` in memory.
  static Blob withEnd(Blob blob, long from) throws IOException {
    if (blob instanceof HeldEnd held && held.end.start() <= from) {
      return blob;
    }
    ByteRange end = new ByteRange(from, blob.size());
    return new HeldEnd(blob, end, blob.read(end));
  }

  /// Tells whether nothing is being opened, for tests that wait until it is over.
  boolean isSettled() {
    return opened.values().stream().allMatch(FutureTask::isDone);
  }

  /// Returns the blob that was opened ahead, else opens it.
  @Override
  public Blob open(String image, Digest layer) throws IOException {
    Optional<FutureTask<Blob>> task = Optional.ofNullable(opened.remove(new Key(image, layer)));
    if (task.isPresent()) {
      boolean early = task.get().isDone();
      task.get().run(); // unless it runs or has run
      try {
        return Waits.get(task.get(), "layer " + layer);
      } catch (IOException e) {
        if (!early) {
          throw e;
        }
        LOGGER.log(
            Level.DEBUG,
            "layer could not be opened ahead layer={0} cause=\"{1}\"",
            layer,
            e.getMessage());
      }
    }
    return source.open(image, layer);
  }

  @Override
  public Blob open(String image, Digest layer, long size) throws IOException {
    return source.open(image, layer, size);
  }

  @Override
  public Blob externalToc(String image, Digest layer) throws IOException {
    return source.externalToc(image, layer);
  }

  /// A blob whose end is in memory.
  private static final class HeldEnd implements Blob {
    private final Blob blob;
    private final ByteRange end;
    private final byte[] bytes;

    HeldEnd(Blob blob, ByteRange end, byte[] bytes) {
      this.blob = blob;
      this.end = end;
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return blob.size();
    }

    @Override
    public boolean distrust(ByteRange range) {
      return blob.distrust(range);
    }

    @Override
    public InputStream open(ByteRange range) throws IOException {
      return open(range, () -> {});
    }

    @Override
    public InputStream open(ByteRange range, Runnable again) throws IOException {
      if (range.start() < end.start() || range.end() > end.end()) {
        return blob.open(range, again);
      }
      int from = (int) (range.start() - end.start());
      return new ByteArrayInputStream(bytes, from, (int) range.length());
    }
  }
}
