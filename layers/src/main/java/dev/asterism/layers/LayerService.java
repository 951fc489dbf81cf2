package dev.asterism.layers;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.FileType;
import dev.asterism.fuse.OtherFormatException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/// The lazy layers of one root directory, up and running: store, gate, catalog.
///
/// One process at a time serves a root. Closing unmounts the gate, leaving keeps it for the next
/// process; chains and what containers have mounted stay. Thread-safe.
public final class LayerService implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(LayerService.class.getName());

  private final DirectoryCache store;
  private final GateMount gate;
  private final LayerStore layers;
  private final Fetching fetching;
  private final Promotion promotion;
  private final FetchMeters meters = new FetchMeters();
  private final LayerMounter metered;
  private final LongAdder uses = new LongAdder();

  private LayerService(DirectoryCache store, GateMount gate, LayerStore layers, Fetching fetching) {
    this.fetching = fetching;
    this.promotion = new Promotion(fetching.scheduler(), fetching.catalog());
    this.store = store;
    this.gate = gate;
    this.layers = layers;
    this.metered = new MeteredMounter(layers, meters);
    fetching.listeners().add(meters);
    fetching
        .listeners()
        .add(
            new FetchListener() {
              @Override
              public void used(LayerContent layer, LayerChunk chunk, Found found) {
                uses.increment();
              }
            });
  }

  /// As the other; nothing is fetched but what is read.
  public static LayerService open(
      Path root, BlobSource registry, FetchPolicy policy, InstantSource clock) throws IOException {
    return open(root, registry, LayerSettings.onDemand(policy), clock);
  }

  /// As the other; the mount ends with this process.
  public static LayerService open(
      Path root, BlobSource registry, LayerSettings settings, InstantSource clock)
      throws IOException {
    LayerService service = open(root, registry, settings, clock, MountKeeper.NOBODY);
    service.serve();
    return service;
  }

  /// Opens the store below `root` and takes over the gate that a former process left with `keeper`;
  /// mounts a new one if there is none. A gate that was taken over answers nobody before [#serve].
  ///
  /// @param root an absolute directory without `:` or `,` in its name, made if it is not there
  /// @throws OtherFormatException if what is there was left by a version that this one does not
  ///   understand; nothing has changed then
  /// @throws IOException if the directory cannot be used, or FUSE cannot be mounted
  public static LayerService open(
      Path root,
      BlobSource registry,
      LayerSettings settings,
      InstantSource clock,
      MountKeeper keeper)
      throws IOException {
    if (!root.isAbsolute() || root.toString().matches(".*[:,\\\\].*")) {
      throw new IOException(
          "root %s must be an absolute path without ':', ',' or '\\': it becomes a mount option"
              .formatted(root));
    }
    Files.createDirectories(root);
    RootFormat.check(root);
    DirectoryCache store = DirectoryCache.open(root.resolve("cache"), settings.store(), clock);
    try {
      return open(new Parts(root, registry, settings, store, clock), keeper);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /// What a service is made of before it has a gate.
  private record Parts(
      Path root,
      BlobSource registry,
      LayerSettings settings,
      DirectoryCache store,
      InstantSource clock) {
    Path mountpoint() {
      return root.resolve("fs");
    }
  }

  private static LayerService open(Parts parts, MountKeeper keeper) throws IOException {
    Optional<MountKeeper.Kept> kept = GateMount.find(parts.mountpoint(), keeper);
    if (kept.isPresent()) {
      try {
        return resume(parts, keeper, kept.get());
      } catch (OtherFormatException e) {
        throw e;
      } catch (IOException e) {
        LOGGER.log(
            Level.WARNING,
            "the gate of before cannot be taken over: running containers lose what they have not read cause=\"{0}\"",
            e.getMessage());
      }
    }
    return start(
        parts,
        GateMemory.create(),
        (gate, memory) -> GateMount.mount(parts.mountpoint(), memory, gate, keeper));
  }

  private static LayerService resume(Parts parts, MountKeeper keeper, MountKeeper.Kept kept)
      throws IOException {
    GateMemory memory;
    try {
      memory = GateMemory.open(kept.gate());
    } catch (IOException | RuntimeException e) {
      kept.close();
      throw e;
    }
    return start(
        parts,
        memory,
        (gate, same) -> GateMount.resume(parts.mountpoint(), kept, same, gate, keeper));
  }

  /// How the gate comes to be mounted.
  private interface Mounting {
    GateMount mount(Gate gate, GateMemory memory) throws IOException;
  }

  private static LayerService start(Parts parts, GateMemory memory, Mounting mounting)
      throws IOException {
    Fetching fetching =
        fetching(
            parts.root(),
            parts.settings().fetching(),
            parts.store(),
            new Catalog(memory.nodes()),
            new Outages(parts.settings().outages(), parts.clock()));
    GateMount gate = mounting.mount(new Gate(fetching, memory), memory);
    try {
      LayerStore layers =
          new LayerStore(
              parts.root(),
              parts.mountpoint().resolve(Gate.NAME),
              parts.registry(),
              fetching,
              parts.settings().starts(),
              parts.clock());
      return new LayerService(parts.store(), gate, layers, fetching);
    } catch (IOException | RuntimeException e) {
      gate.leaveOrClose(Duration.ZERO);
      throw e;
    }
  }

  /// Returns what the layers of a root fetch with.
  static Fetching fetching(
      Path root, FetchPolicy policy, DirectoryCache store, Catalog catalog, Outages outages) {
    ImageTrees trees = new ImageTrees();
    return new Fetching(
        policy,
        store,
        new RecentChunks(policy.maxInFlight()),
        new Scheduler(policy, new IdleMemory(store::releaseMemory)),
        new FetchListeners(),
        catalog,
        trees,
        new Libraries(catalog, trees),
        outages,
        layer -> ErofsImage.open(LayerDirectory.of(root.resolve("layers"), layer).image()),
        (layer, object) ->
            nameOf(
                LayerDirectory.of(root.resolve("layers"), layer),
                Places.of(store.mode(), layer, object.digest())));
  }

  private static String nameOf(LayerDirectory layer, Content content) {
    List<String> names = new ArrayList<>(1);
    try (ErofsImage image = ErofsImage.open(layer.image())) {
      image.walk((path, node, stat) -> {
        if (stat.type() == FileType.REGULAR
            && image.content(node).filter(content::equals).isPresent()) {
          names.add(path.toString());
        }
      });
      return names.isEmpty() ? "(that was overwritten within the layer)" : names.getFirst();
    } catch (IOException e) {
      return "(whose name cannot be looked up: " + e.getMessage() + ")";
    }
  }

  /// Returns how the snapshotter asks for layers.
  public LayerMounter layers() {
    return metered;
  }

  /// Returns the starts that were seen lately, for what reports on them.
  public Starts starts() {
    return layers.starts();
  }

  /// From now on logs, at debug, the first use of each file by a container.
  public void logFileAccess() {
    fetching.listeners().add(new FileAccessLog(fetching.names()));
  }

  /// Returns what the layers fetch with.
  Fetching fetching() {
    return fetching;
  }

  /// Returns the layers that can be read now, a new set.
  public Set<Digest> mountedLayers() {
    return layers.mounted();
  }

  /// Returns how much was asked of this: layers and mounts by containerd, and chunks by containers,
  /// each once.
  public long asked() {
    return layers.asked() + uses.sum();
  }

  /// Returns what is being fetched now, by registry.
  public List<FetchReport> fetches() {
    return fetching.scheduler().reports();
  }

  /// Returns what fetches, for tests that look at what it was told.
  Scheduler scheduler() {
    return fetching.scheduler();
  }

  /// Returns the compressed bytes that came since the start, by what they were fetched for.
  public Map<FetchClass, Long> fetchedBytes() {
    return fetching.scheduler().stats().bytes();
  }

  /// Returns how many requests brought them, those that failed among them.
  public Map<FetchClass, Long> fetchRequests() {
    return fetching.scheduler().stats().requests();
  }

  /// Returns the registries that are away, and then the outages that have ended lately.
  public List<OutageReport> outages() {
    return fetching.outages().reports();
  }

  /// Returns what was counted for each layer since it was mounted.
  public FetchMeters meters() {
    return meters;
  }

  /// Returns the compressed bytes of a mounted layer; 0 for any other.
  public long blobSize(Digest layer) {
    return fetching.catalog().layer(layer).map(content -> content.table().blobSize()).orElse(0L);
  }

  /// Looks at every mounted layer. Takes as long as looking up each of their chunks.
  public List<LayerReport> reports() {
    return fetching.catalog().layers().stream().map(this::report).toList();
  }

  private LayerReport report(LayerContent layer) {
    ChunkTable table = layer.table();
    long size = 0;
    long stored = 0;
    for (int i = 0; i < table.chunks(); i++) {
      LayerChunk chunk = table.chunk(i);
      size += chunk.size();
      stored += layer.stored().isStored(chunk) ? chunk.size() : 0;
    }
    return new LayerReport(
        layer.digest(),
        layers.imageOf(layer.digest()).orElse(""),
        table.blobSize(),
        size,
        stored,
        layers.isComplete(layer.digest()),
        table.verified(),
        layer.trouble());
  }

  /// Returns the store, for what reports on it.
  public DirectoryCache store() {
    return store;
  }

  /// Begins to answer at a gate that was taken over. To be called when the layers that its
  /// containers use are listed again: what no layer lists does not exist. Does nothing for a gate
  /// that was mounted by this process.
  public void serve() throws IOException {
    gate.serve();
  }

  /// Stops to answer at the gate, where somebody holds that for the next process. The first part of
  /// [#leave], to be called before anything that reads depend on is ended. Does nothing the second
  /// time.
  ///
  /// @param grace as there
  public void leaveGate(Duration grace) throws IOException {
    gate.leave(grace);
  }

  /// Closes the store and leaves the gate to the next process. Where nobody holds that meanwhile,
  /// this is [#close].
  ///
  /// @param grace how long reads that are under way may take; what is not done then is asked again
  public void leave(Duration grace) throws IOException {
    try {
      leaveGate(grace); // while everything works: who is answered now gets what it asked for
      layers.close();
      promotion.close();
      endWaiting();
      gate.leaveOrClose(grace);
    } finally {
      closeMemory();
      store.leave();
    }
  }

  /// Unmounts the gate and closes the store. Reads that wait end with an error.
  @Override
  public void close() throws IOException {
    layers.close();
    try {
      promotion.close();
      endWaiting();
      gate.close();
    } finally {
      closeMemory();
      store.close();
    }
  }

  /// Whoever waits for its turn, or for a registry, does so no longer.
  private void endWaiting() {
    fetching.outages().close();
    fetching.scheduler().close();
  }

  private void closeMemory() throws IOException {
    fetching.scheduler().memory().close();
    fetching.trees().close();
  }
}
