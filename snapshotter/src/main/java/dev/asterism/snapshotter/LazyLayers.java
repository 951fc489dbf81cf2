package dev.asterism.snapshotter;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.LayerMounter;
import dev.asterism.layers.LayerMounter.InUse;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerUsage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/// The layer mounter as snapshots use it: remembers what could not be reopened after a restart, and
/// prepares that again when somebody needs it.
///
/// Thread-safe.
final class LazyLayers {
  private static final System.Logger LOG = System.getLogger(LazyLayers.class.getName());
  private static final int PARALLEL_REOPENS = 8;

  private final LayerMounter mounter;
  private final Map<Digest, LayerRequest> closed = new ConcurrentHashMap<>();

  LazyLayers(LayerMounter mounter) {
    this.mounter = mounter;
  }

  /// Opens layers from the disk, several at a time, and waits for all. One that fails is logged and
  /// tried again, over the network, by the first [#mount] that needs it.
  void reopen(Collection<LayerRequest> layers) {
    Semaphore running = new Semaphore(PARALLEL_REOPENS);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (LayerRequest layer : layers) {
        running.acquireUninterruptibly();
        threads.execute(() -> {
          try {
            reopen(layer);
          } finally {
            running.release();
          }
        });
      }
    }
  }

  private void reopen(LayerRequest layer) {
    try {
      mounter.reopen(layer);
      LOG.log(DEBUG, () -> "layer reopened layer=" + layer.layer());
    } catch (IOException | RuntimeException e) {
      closed.put(layer.layer(), layer);
      LOG.log(
          WARNING,
          () ->
              "layer not reopened, it is fetched again when it is needed layer=%s image=%s reason=%s"
                  .formatted(layer.layer(), layer.image(), LogText.quote(e)));
    }
  }

  /// Makes a layer readable.
  ///
  /// @throws IOException if it cannot be read lazily
  LayerUsage prepare(LayerRequest layer) throws IOException {
    LayerUsage usage = mounter.prepare(layer);
    closed.remove(layer.layer());
    return usage;
  }

  /// Waits until every layer that was prepared is on the disk.
  void settle() throws IOException {
    mounter.settle();
  }

  /// Says which layers of an image will probably be prepared next.
  void expect(LayerRequest first, List<Digest> next) {
    mounter.expect(first, next);
  }

  /// Says that a chain is probably mounted next.
  void expect(Chain chain) {
    mounter.expect(chain);
  }

  /// Mounts a chain.
  ///
  /// @throws SnapshotException if that cannot be done now: UNAVAILABLE
  Path mount(Chain chain) throws SnapshotException {
    try {
      for (Digest layer : chain.layers()) {
        LayerRequest missing = closed.get(layer);
        if (missing != null) {
          prepare(missing);
        }
      }
      return mounter.mountChain(chain);
    } catch (IOException e) {
      throw new SnapshotException(
          SnapshotException.Kind.UNAVAILABLE,
          "the layers %s cannot be mounted: %s".formatted(chain.layers(), LogText.describe(e)),
          e);
    }
  }

  /// Returns what a layer takes of the disk.
  LayerUsage diskUsage(Digest layer) throws IOException {
    return mounter.diskUsage(layer);
  }

  /// Returns the data-only lower layers of every overlay over a chain.
  List<Path> dataLayers() {
    return mounter.dataLayers();
  }

  /// What is in use, from the metadata as it is when it is asked.
  @FunctionalInterface
  interface InUseSource {
    /// Reads the metadata.
    InUse read() throws IOException;
  }

  /// Lets go of what nothing refers to. A failure is logged: the next call tries again.
  void retain(InUseSource source) {
    try {
      mounter.retain(() -> {
        try {
          InUse inUse = source.read();
          closed.keySet().retainAll(inUse.layers());
          return inUse;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    } catch (IOException | UncheckedIOException e) {
      LOG.log(WARNING, () -> "unused layers not released reason=" + LogText.quote(e), e);
    }
  }
}
