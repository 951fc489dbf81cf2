package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/// Counts what becomes of the layers that containerd asks for, and how long that takes; everything
/// else is the other mounter's. Thread-safe.
final class MeteredMounter implements LayerMounter {
  private final LayerMounter layers;
  private final FetchMeters meters;

  MeteredMounter(LayerMounter layers, FetchMeters meters) {
    this.layers = layers;
    this.meters = meters;
  }

  @Override
  public LayerUsage prepare(LayerRequest request) throws IOException {
    long begin = System.nanoTime();
    boolean ready = false;
    try {
      LayerUsage usage = layers.prepare(request);
      ready = true;
      return usage;
    } finally {
      if (ready) {
        meters.prepared(request.layer(), Duration.ofNanos(System.nanoTime() - begin));
      } else {
        meters.notPrepared();
      }
    }
  }

  @Override
  public void settle() throws IOException {
    layers.settle();
  }

  @Override
  public void expect(LayerRequest first, List<Digest> next) {
    layers.expect(first, next);
  }

  @Override
  public void expect(Chain chain) {
    layers.expect(chain);
  }

  @Override
  public LayerUsage reopen(LayerRequest request) throws IOException {
    return layers.reopen(request);
  }

  @Override
  public Path mountChain(Chain chain) throws IOException {
    return layers.mountChain(chain);
  }

  @Override
  public List<Path> dataLayers() {
    return layers.dataLayers();
  }

  @Override
  public LayerUsage diskUsage(Digest layer) throws IOException {
    return layers.diskUsage(layer);
  }

  @Override
  public void retain(Supplier<InUse> inUse) throws IOException {
    layers.retain(inUse);
  }
}
