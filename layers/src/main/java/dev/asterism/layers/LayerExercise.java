package dev.asterism.layers;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.fuse.Entry;
import dev.asterism.fuse.FileSystem;
import dev.asterism.fuse.FuseException;
import dev.asterism.fuse.Name;
import dev.asterism.fuse.ReadBuffer;
import dev.asterism.fuse.RequestContext;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/// Layers that are prepared and read as a container would, with nothing mounted: what the kernel
/// asks a gate is asked here.
///
/// A process that has done this once does it several times faster the next time, when a container
/// waits: its code is compiled then. Store and layers lie in a root of their own, and nothing of
/// them is of use afterwards. Confined to one thread.
public final class LayerExercise implements AutoCloseable {
  private static final RequestContext NOBODY = new RequestContext(0, 0, 0);
  private static final int READ = 128 << 10; // 128 KiB: what the kernel asks for at a time
  private static final int O_RDONLY = 0;
  private static final int ROUNDS = 8; // what is compiled once is still interpreted
  private static final int LEARNED = 400; // files: what a start uses

  private final Path root;
  private final Arena arena = Arena.ofConfined();
  private final ReadBuffer buffer = new Memory(arena.allocate(READ));
  private final DirectoryCache store;
  private final GateMemory memory;
  private final Fetching fetching;
  private final Gate gate;
  private final LayerStore layers;
  private final List<Digest> prepared = new ArrayList<>();

  /// @param root an absolute directory that is not there, or is of no use any more
  /// @throws IOException if it cannot be used
  public LayerExercise(Path root, BlobSource registry, InstantSource clock) throws IOException {
    this.root = Files.createDirectories(root);
    FetchPolicy policy = FetchPolicy.DEFAULT;
    store = DirectoryCache.open(root.resolve("cache"), CacheSettings.DEFAULT, clock);
    try {
      memory = GateMemory.create();
      fetching =
          LayerService.fetching(
              root,
              policy,
              store,
              new Catalog(memory.nodes()),
              new Outages(OutagePolicy.FAIL, clock));
      gate = new Gate(fetching, memory);
      layers =
          new LayerStore(
              root, root.resolve(Gate.NAME), registry, fetching, StartPolicy.NOTHING, clock);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /// Returns its layers, for what asks for them as containerd does. What is prepared by it must be
  /// let go of before [#run].
  public LayerMounter layers() {
    return layers;
  }

  /// Prepares a layer, merges it with those before it, and reads all its files, one after the
  /// other.
  ///
  /// @param goOn asked before each step
  /// @throws IOException if the layer cannot be prepared or read
  public void run(LayerRequest request, BooleanSupplier goOn) throws IOException {
    layers.prepare(request);
    prepared.add(request.layer());
    for (int i = 0; i < ROUNDS && goOn.getAsBoolean(); i++) {
      layers.rehearse(request, Chain.of(prepared));
    }
    LayerContent layer = fetching.catalog().layer(request.layer()).orElseThrow();
    rehearseReplay(request, layer, goOn);
    for (int i = 0; i < layer.table().objects() && goOn.getAsBoolean(); i++) {
      LayerObject object = layer.table().object(i);
      try {
        read(object);
      } catch (FuseException e) {
        throw new IOException("object %s: %s".formatted(object.digest(), e.errno()), e);
      }
    }
  }

  /// Reads and plans again and again what a start that had used the first files would have left.
  private void rehearseReplay(LayerRequest request, LayerContent layer, BooleanSupplier goOn)
      throws IOException {
    List<Profile.File> files =
        IntStream.range(0, Math.min(layer.table().objects(), LEARNED))
            .mapToObj(layer.table()::object)
            .map(object ->
                new Profile.File(
                    0,
                    0,
                    object.digest(),
                    object.size(),
                    List.of(new ByteRange(0, object.size())),
                    object.digest().hex()))
            .toList();
    String text =
        ProfileStore.export(
            new Profile(request.image(), Instant.EPOCH, 0, List.of(layer.digest()), files));
    Path image = LayerDirectory.of(root.resolve("layers"), layer.digest()).image();
    for (int i = 0; i < ROUNDS && goOn.getAsBoolean(); i++) {
      List<LayerChunk> _ = new Replay(ProfileStore.parse(text), Long.MAX_VALUE).plan(layer, image);
    }
  }

  private void read(LayerObject object) throws IOException {
    Digest digest = object.digest();
    Entry top = gate.lookup(NOBODY, FileSystem.ROOT, Name.of(Gate.NAME));
    Entry fan = gate.lookup(NOBODY, top.node(), Name.of(digest.hex().substring(0, 2)));
    long node;
    try {
      node = gate.lookup(NOBODY, fan.node(), Name.of(digest.hex())).node();
    } catch (FuseException _) {
      return; // in the store by now, where the kernel would find it
    }
    long handle = gate.open(NOBODY, node, O_RDONLY).handle();
    try {
      for (long at = 0; at < object.size(); at += READ) {
        gate.read(NOBODY, node, handle, at, buffer);
      }
    } finally {
      gate.release(node, handle);
      gate.forget(node, 1);
    }
  }

  /// What one read fills.
  private record Memory(MemorySegment segment) implements ReadBuffer {
    @Override
    public int size() {
      return READ;
    }
  }

  /// Ends what goes on. The root can be removed then.
  @Override
  public void close() throws IOException {
    arena.close();
    layers.close();
    try {
      fetching.scheduler().close();
    } finally {
      fetching.scheduler().memory().close();
      fetching.trees().close();
      memory.close();
      store.leave();
    }
  }
}
