package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.LayerMounter;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerUsage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/// A layer mounter whose chains are plain directories and whose network is a set of digests.
///
/// A chain's directory is `chains/<id>`; what a test puts there is what an overlay shows.
final class FakeLayerMounter implements LayerMounter {
  static final LayerUsage USAGE = new LayerUsage(12345, 67);

  final Set<Digest> reachable = ConcurrentHashMap.newKeySet();
  final Set<Digest> onDisk = ConcurrentHashMap.newKeySet();
  final Set<Digest> open = ConcurrentHashMap.newKeySet();
  final Set<Chain> mounted = ConcurrentHashMap.newKeySet();
  final List<LayerRequest> prepared = new CopyOnWriteArrayList<>();

  /// What a caller has waited for to be on the disk.
  final Set<LayerRequest> settled = ConcurrentHashMap.newKeySet();

  final List<Digest> expected = new CopyOnWriteArrayList<>();

  /// What a test does while a layer is being prepared.
  volatile Runnable duringPrepare = () -> {};

  private final Path root;

  FakeLayerMounter(Path root) {
    this.root = root;
  }

  @Override
  public void expect(LayerRequest first, List<Digest> next) {
    expected.addAll(next);
  }

  @Override
  public LayerUsage prepare(LayerRequest request) throws IOException {
    prepared.add(request);
    duringPrepare.run();
    return fetch(request);
  }

  @Override
  public void settle() {
    settled.addAll(prepared);
  }

  private synchronized LayerUsage fetch(LayerRequest request) throws IOException {
    if (!reachable.contains(request.layer())) {
      throw new IOException("no route to the registry of " + request.image());
    }
    onDisk.add(request.layer());
    open.add(request.layer());
    return USAGE;
  }

  @Override
  public synchronized LayerUsage reopen(LayerRequest request) throws IOException {
    if (!onDisk.contains(request.layer())) {
      throw new IOException("not on this disk: " + request.layer());
    }
    open.add(request.layer());
    return USAGE;
  }

  @Override
  public synchronized Path mountChain(Chain chain) throws IOException {
    if (!open.containsAll(chain.layers())) {
      throw new IOException("a layer is not ready: " + chain);
    }
    mounted.add(chain);
    return Files.createDirectories(directory(chain));
  }

  Path directory(Chain chain) {
    return root.resolve("chains").resolve(chain.id().hex());
  }

  @Override
  public LayerUsage diskUsage(Digest layer) {
    return onDisk.contains(layer) ? USAGE : new LayerUsage(0, 0);
  }

  @Override
  public List<Path> dataLayers() {
    return List.of(root.resolve("objects"), root.resolve("gate"), root.resolve("fresh"));
  }

  @Override
  public synchronized void retain(Supplier<InUse> inUse) {
    InUse kept = inUse.get();
    open.retainAll(kept.layers());
    mounted.retainAll(kept.chains());
  }
}
