package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.index.LayerShare;
import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.content.SingleFlight;
import dev.asterism.content.Trace;
import dev.asterism.layers.LayerRequest.Verification;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The layers of a node: compiled on disk, listed in the catalog, merged and mounted as chains.
///
/// The gate that serves their content is a mount of its own ([GateMount]); this class only names
/// it. Thread-safe.
public final class LayerStore implements LayerMounter, AutoCloseable {
  private static final Logger LOGGER = System.getLogger(LayerStore.class.getName());

  private final Path layers;
  private final ChainImages chains;
  private final List<Path> dataLayers;
  private final OpenedAhead registry;
  private final Fetching fetching;
  private final Compilations compilations;
  private final Preparations preparations;

  /// By the whole request: what one image or registry gets wrong is no answer for another.
  private final SingleFlight<LayerRequest, LayerContent> loads =
      new SingleFlight<>(LayerStore::startLoad);

  private final SingleFlight<Digest, Path> mounts = new SingleFlight<>(LayerStore::startLoad);
  private final SingleFlight<Digest, Chain> builds = new SingleFlight<>(LayerStore::startLoad);
  private final LongAdder asked = new LongAdder();

  /// Orders what enters the catalog or is mounted against [#retain]. Held over mount(2) and
  /// umount(2), not over the network or a merge.
  private final ReentrantLock registration = new ReentrantLock();

  @GuardedBy("registration")
  private final Catalog catalog;

  LayerStore(
      Path root,
      Path gate,
      BlobSource registry,
      Fetching fetching,
      StartPolicy policy,
      InstantSource clock)
      throws IOException {
    this.layers = Files.createDirectories(root.resolve("layers"));
    this.chains = new ChainImages(Files.createDirectories(root.resolve("chains")));
    this.registry = new OpenedAhead(registry);
    this.fetching = fetching;
    this.compilations = new Compilations(layers, this.registry, fetching);
    this.catalog = fetching.catalog();
    DirectoryCache store = fetching.store();
    this.dataLayers =
        switch (store.mode()) {
          case SHARED -> List.of(store.objects(), gate, store.fresh());
          case PLAIN -> List.of(store.own(), gate);
        };
    CompiledMode.settle(layers, store.mode(), this::discardAll);
    LayerDirectory.removeUnfinished(layers);
    chains.removeUnfinished();
    this.preparations = new Preparations(policy, root, layers, fetching, clock);
    store.compiledLayers(this::compiledLayers);
    store.heal(new Healer(fetching)::heal);
  }

  /// Removes everything that is compiled. Containers over it keep their mounts.
  private void discardAll() throws IOException {
    chains.retain(Set.of());
    for (Digest layer : LayerDirectory.list(layers)) {
      LayerDirectory.of(layers, layer).delete();
    }
  }

  private Set<Digest> compiledLayers() {
    try {
      return LayerDirectory.list(layers);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns how often a layer, or the mount of a chain, was asked for.
  long asked() {
    return asked.sum();
  }

  @Override
  public LayerUsage prepare(LayerRequest request) throws IOException {
    asked.increment();
    chains.requireMountable();
    preparations.expected(request);
    return ready(request, Source.DISK_OR_REGISTRY);
  }

  @Override
  public void settle() throws IOException {
    compilations.awaitNames();
  }

  @Override
  public LayerUsage reopen(LayerRequest request) throws IOException {
    return ready(request, Source.DISK);
  }

  @Override
  public void expect(LayerRequest first, List<Digest> next) {
    compilations.expect(
        first,
        next.stream()
            .filter(layer -> !LayerDirectory.of(layers, layer).exists())
            .limit(OpenedAhead.WINDOW)
            .toList());
  }

  private enum Source {
    DISK,
    DISK_OR_REGISTRY
  }

  private LayerUsage ready(LayerRequest request, Source source) throws IOException {
    if (request.verification() == Verification.REQUIRED && request.tocDigest().isEmpty()) {
      throw new IOException(
          "layer %s of %s cannot be verified: its manifest pins no TOC digest"
              .formatted(request.layer(), request.image()));
    }
    LayerContent content =
        Trace.span(
            "resolve",
            attributes -> {
              attributes
                  .set("asterism.image", request.image())
                  .set("asterism.layer", request.layer().toString());
              return once(loads, request, () -> find(request, source));
            });
    check(request, content);
    request.outages().ifPresent(content::outagePolicy);
    switch (source) {
      case DISK -> preparations.reopened(request, content);
      case DISK_OR_REGISTRY -> preparations.prepared(request, content);
    }
    return content.table().usage();
  }

  private LayerContent find(LayerRequest request, Source source) throws IOException {
    LayerDirectory directory = LayerDirectory.of(layers, request.layer());
    Optional<LayerContent> mounted = fetching.catalog().layer(request.layer());
    if (mounted.isPresent() && directory.exists()) {
      return mounted.get();
    }
    if (directory.exists()) {
      Optional<LayerContent> content = tryRegister(request, directory);
      if (content.isPresent()) {
        return content.get();
      }
    }
    return switch (source) {
      case DISK -> throw new IOException("layer %s is not on disk".formatted(request.layer()));
      case DISK_OR_REGISTRY ->
          tryRegister(request, compilations.compile(request))
              .orElseThrow(() ->
                  new IOException(
                      "layer %s says of a file what a layer contradicts that was mounted meanwhile"
                          .formatted(request.layer())));
    };
  }

  /// Registers a layer that is on disk. If it cannot be used as it is, it is removed, to be
  /// compiled again, and the result is empty.
  private Optional<LayerContent> tryRegister(LayerRequest request, LayerDirectory directory)
      throws IOException {
    LayerContent content;
    try {
      content = load(request, directory);
    } catch (MalformedLayerException e) {
      LOGGER.log(
          Level.WARNING,
          "compiled layer is damaged layer={0} cause=\"{1}\"",
          request.layer(),
          e.getMessage());
      registration.lock();
      try {
        discard(directory);
      } finally {
        registration.unlock();
      }
      return Optional.empty();
    }
    return register(content, directory);
  }

  /// Removes a layer that has to be compiled again. Chains that were merged from it name its files
  /// as it did; which ones is not known, so all are merged again when they are needed next.
  @GuardedBy("registration")
  private void discard(LayerDirectory directory) throws IOException {
    chains.retain(Set.of());
    directory.delete();
  }

  /// Compares what the manifest pins with what the layer on disk was compiled from.
  private void check(LayerRequest request, LayerContent content) throws IOException {
    if (request.verification() == Verification.SKIPPED) {
      return;
    }
    if (!content.table().verified()) {
      throw new IOException(
          "layer %s is in use without verification; it can be verified when no snapshot uses it any more"
              .formatted(request.layer()));
    }
    Digest actual = LayerDirectory.of(layers, request.layer()).tocDigest();
    Digest expected = request.tocDigest().orElse(actual);
    if (!actual.equals(expected)) {
      throw new CorruptContentException("TOC of layer " + request.layer(), expected, actual);
    }
  }

  private LayerContent load(LayerRequest request, LayerDirectory directory) throws IOException {
    ChunkTable table = ChunkTable.open(directory.table());
    Blob blob = new LazyBlob(registry, request.image(), request.layer(), table.blobSize());
    LayerContent content =
        new LayerContent(
            request.layer(),
            table,
            blob,
            request.image(),
            fetching.store().layer(request.layer()),
            fetching);
    if (PrefetchMark.read(directory.landmark()) instanceof PrefetchMark.UpTo(long offset)) {
      content.anticipation().noteMarked(offset);
    }
    return content;
  }

  private Optional<LayerContent> register(LayerContent content, LayerDirectory directory)
      throws IOException {
    registration.lock();
    try {
      Optional<LayerContent> first = catalog.layer(content.digest());
      if (first.isPresent()) {
        return first;
      }
      if (isContradicted(content)) {
        discard(directory);
        return Optional.empty();
      }
      catalog.add(content);
    } finally {
      registration.unlock();
    }
    Callable<Boolean> adopt =
        Trace.carry(() ->
            Trace.span(
                "link",
                _ -> {
                  content.stored().adopt();
                  fetching.scheduler().memory().letGo(this::releaseTables);
                  return true;
                }));
    Thread.ofVirtual().name("adopt " + content.digest()).start(new FutureTask<>(adopt));
    return Optional.of(content);
  }

  /// A new layer is looked through, and all others are because of it.
  private void releaseTables() {
    fetching.catalog().layers().forEach(layer -> layer.table().release());
  }

  /// Tells whether a layer shares a file that a mounted layer lists otherwise. It was compiled
  /// while that one was not mounted; compiled again, it keeps that file apart.
  @GuardedBy("registration")
  private boolean isContradicted(LayerContent content) {
    Optional<LayerObject> disputed = catalog.findContradiction(content);
    disputed.ifPresent(object ->
        LOGGER.log(
            Level.WARNING,
            "layers contradict each other about a file layer={0} object={1}",
            content.digest(),
            object.digest()));
    return disputed.isPresent();
  }

  @Override
  public Path mountChain(Chain chain) throws IOException {
    asked.increment();
    Path mountpoint =
        Trace.span(
            "mount chain",
            attributes -> {
              attributes.set("asterism.layers", chain.layers().size());
              return once(mounts, chain.id(), () -> buildAndMount(chain));
            });
    preparations.mounted(chain);
    return mountpoint;
  }

  @Override
  public void expect(Chain chain) {
    if (!chain.below().isEmpty()) {
      return; // what is below has to be mounted to be merged over
    }
    Thread.ofVirtual()
        .name("merge ahead " + chain.id())
        .start(() -> {
          try {
            build(chain);
          } catch (IOException e) {
            LOGGER.log(
                Level.DEBUG,
                "chain not merged ahead chain={0} cause=\"{1}\"",
                chain.id(),
                e.getMessage());
          }
        });
  }

  private Path buildAndMount(Chain chain) throws IOException {
    while (true) {
      build(chain);
      registration.lock();
      try {
        if (chains.isBuilt(chain)) { // since it was merged ahead, #retain may have removed it
          fetching.store().mounted(chain.layers());
          Path mountpoint = chains.mount(chain);
          fetching.trees().mounted(chain, chains.image(chain));
          return mountpoint;
        }
      } finally {
        registration.unlock();
      }
    }
  }

  private static void startLoad(Object key, Runnable load) {
    Thread.ofVirtual().name("load " + key).start(load);
  }

  private static <K, V> V once(SingleFlight<K, V> flights, K key, Callable<V> load)
      throws IOException {
    return Waits.get(flights.get(key, Trace.carry(load)), String.valueOf(key));
  }

  private void build(Chain chain) throws IOException {
    once(
        builds,
        chain.id(),
        () -> {
          if (!chains.isBuilt(chain)) {
            chains.build(chain, images(chain));
          }
          return chain;
        });
  }

  private List<Path> images(Chain chain) throws IOException {
    List<Path> images = new ArrayList<>();
    for (Digest layer : chain.layers()) {
      LayerDirectory directory = LayerDirectory.of(layers, layer);
      if (!directory.exists()) {
        throw new IOException("layer %s is not ready".formatted(layer));
      }
      images.add(directory.image());
    }
    return images;
  }

  /// Compiles a layer and merges a chain once more, and throws both away, see [LayerExercise].
  void rehearse(LayerRequest request, Chain chain) throws IOException {
    compilations.rehearse(request);
    build(chain);
    retain(() -> new InUse(Set.copyOf(chain.layers()), Set.of()));
  }

  @Override
  public LayerUsage diskUsage(Digest layer) throws IOException {
    LayerShare share = fetching.store().shares().getOrDefault(layer, LayerShare.NOTHING);
    LayerUsage metadata = LayerDirectory.of(layers, layer).usage();
    return new LayerUsage(share.bytes() + metadata.size(), share.files() + metadata.inodes());
  }

  /// Returns the layers in the catalog, a new set.
  Set<Digest> mounted() {
    return fetching.catalog().layers().stream()
        .map(LayerContent::digest)
        .collect(Collectors.toSet());
  }

  @Override
  public List<Path> dataLayers() {
    return dataLayers;
  }

  @Override
  public void retain(Supplier<InUse> inUse) throws IOException {
    registration.lock();
    try {
      InUse kept = inUse.get();
      fetching
          .store()
          .inUse(
              kept.chains().stream()
                  .flatMap(chain -> chain.layers().stream())
                  .collect(Collectors.toSet()));
      chains.retain(kept.chains().stream().map(Chain::id).collect(Collectors.toSet()));
      removeLayers(kept.layers());
      preparations.retain(catalog.layers().stream().map(LayerContent::digest).toList());
    } finally {
      registration.unlock();
    }
  }

  @GuardedBy("registration")
  private void removeLayers(Set<Digest> kept) throws IOException {
    Set<Digest> known = LayerDirectory.list(layers);
    catalog.layers().forEach(layer -> known.add(layer.digest()));
    known.removeAll(kept);
    for (Digest layer : known) {
      catalog.remove(layer).ifPresent(LayerContent::leave);
      LayerDirectory.of(layers, layer).delete();
      fetching.recent().removeLayer(layer);
      fetching.store().removeLayer(layer);
      LOGGER.log(Level.DEBUG, "layer forgotten digest={0}", layer);
    }
  }

  /// Returns which image a layer was mounted for last.
  Optional<String> imageOf(Digest layer) {
    return preparations.imageOf(layer);
  }

  /// Tells whether all of a layer has been fetched once.
  boolean isComplete(Digest layer) {
    return LayerDirectory.of(layers, layer).isComplete();
  }

  /// Returns the starts that were seen lately.
  Starts starts() {
    return preparations.starts();
  }

  /// Ends what is fetched without being asked for. Mounts stay.
  @Override
  public void close() {
    compilations.close();
    preparations.close();
  }
}
