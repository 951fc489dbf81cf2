package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Blob;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.ErofsWriter;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.layers.LayerRequest.Verification;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The layers of a node: compiled on disk, listed in the catalog, merged and mounted as chains.
///
/// The gate that serves their content is a mount of its own ([GateMount]); this class only names
/// it. Thread-safe.
public final class LayerStore implements LayerMounter {
  private static final Logger LOGGER = System.getLogger(LayerStore.class.getName());

  private final Path layers;
  private final ChainImages chains;
  private final List<Path> dataLayers;
  private final BlobSource registry;
  private final Fetching fetching;

  private final SingleFlight<Digest, LayerContent> loads = new SingleFlight<>();
  private final SingleFlight<Digest, Path> mounts = new SingleFlight<>();

  /// Orders what enters the catalog or is mounted against [#retain]. Held over mount(2) and
  /// umount(2), not over the network or a merge.
  private final ReentrantLock registration = new ReentrantLock();

  @GuardedBy("registration")
  private final Catalog catalog;

  LayerStore(Path root, Path gate, BlobSource registry, Fetching fetching) throws IOException {
    this.layers = Files.createDirectories(root.resolve("layers"));
    this.chains = new ChainImages(Files.createDirectories(root.resolve("chains")));
    this.registry = registry;
    this.fetching = fetching;
    this.catalog = fetching.catalog();
    DirectoryCache store = fetching.store();
    this.dataLayers = List.of(store.objects(), gate, store.fresh());
    LayerDirectory.removeUnfinished(layers);
  }

  @Override
  public LayerUsage prepare(LayerRequest request) throws IOException {
    return ready(request, Source.DISK_OR_REGISTRY);
  }

  @Override
  public LayerUsage reopen(LayerRequest request) throws IOException {
    return ready(request, Source.DISK);
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
    LayerContent content = loads.get(request.layer(), () -> find(request, source));
    check(request, content);
    return content.table().usage();
  }

  private LayerContent find(LayerRequest request, Source source) throws IOException {
    LayerDirectory directory = LayerDirectory.of(layers, request.layer());
    if (fetching.catalog().layer(request.layer()).isPresent() && directory.exists()) {
      return fetching.catalog().layer(request.layer()).get();
    }
    if (!directory.exists()) {
      directory =
          switch (source) {
            case DISK ->
                throw new IOException("layer %s is not on disk".formatted(request.layer()));
            case DISK_OR_REGISTRY -> compile(request);
          };
    }
    return register(request, load(request, directory));
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
    return new LayerContent(
        request.layer(), table, blob, fetching.store().layer(request.layer()), fetching);
  }

  private LayerContent register(LayerRequest request, LayerContent content) throws IOException {
    registration.lock();
    try {
      refuseContradiction(content);
      catalog.add(content);
    } finally {
      registration.unlock();
    }
    Thread.ofVirtual().name("adopt " + request.layer()).start(content::adopt);
    return content;
  }

  /// Keeps out a layer that was compiled while another one that it contradicts was not mounted.
  /// Compiled again, it keeps that file apart.
  @GuardedBy("registration")
  private void refuseContradiction(LayerContent content) throws IOException {
    for (int index = 0; index < content.table().objects(); index++) {
      LayerObject object = content.table().object(index);
      if (object.sharing() == LayerObject.Sharing.SHARED
          && !object.isOneChunk()
          && catalog.contradicts(object.digest(), object.size())) {
        LayerDirectory.of(layers, content.digest()).delete();
        throw new IOException(
            "layer %s lists %s with %d bytes, and a mounted layer with another size"
                .formatted(content.digest(), object.digest(), object.size()));
      }
    }
  }

  private LayerDirectory compile(LayerRequest request) throws IOException {
    Blob blob = registry.open(request.image(), request.layer());
    LayerDirectory unfinished = LayerDirectory.unfinished(layers);
    try {
      Digest toc = compile(request, blob, unfinished);
      return unfinished.finish(layers, request.layer(), toc);
    } finally {
      unfinished.delete();
    }
  }

  private Digest compile(LayerRequest request, Blob blob, LayerDirectory target)
      throws IOException {
    LayerCompiler compiler =
        new LayerCompiler(request.layer(), request.verification(), fetching.catalog());
    TocLocation location;
    Digest toc;
    try {
      location = TocLocator.locate(blob);
      toc = TocReader.read(blob, location, TocLimits.DEFAULT, compiler::visit);
    } catch (MalformedLayerException e) {
      throw new MalformedLayerException(
          e.offset(),
          "layer %s of %s: %s".formatted(request.layer(), request.image(), e.getMessage()),
          e);
    }
    if (request.verification() == Verification.REQUIRED
        && !request.tocDigest().orElse(toc).equals(toc)) {
      throw new CorruptContentException(
          "TOC of layer %s of %s".formatted(request.layer(), request.image()),
          request.tocDigest().orElse(toc),
          toc);
    }
    ErofsWriter.write(compiler.tree().build(), target.image());
    compiler
        .chunks()
        .write(
            target.table(),
            blob.size(),
            location.tocOffset(),
            request.verification() == Verification.REQUIRED);
    return toc;
  }

  @Override
  public Path mountChain(Chain chain) throws IOException {
    return mounts.get(chain.id(), () -> buildAndMount(chain));
  }

  private Path buildAndMount(Chain chain) throws IOException {
    if (!chains.isBuilt(chain)) {
      List<Path> images = new ArrayList<>();
      for (Digest layer : chain.layers()) {
        LayerDirectory directory = LayerDirectory.of(layers, layer);
        if (!directory.exists()) {
          throw new IOException("layer %s is not ready".formatted(layer));
        }
        images.add(directory.image());
      }
      chains.build(chain, images);
    }
    registration.lock();
    try {
      return chains.mount(chain);
    } finally {
      registration.unlock();
    }
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
      chains.retain(kept.chains().stream().map(Chain::id).collect(Collectors.toSet()));
      removeLayers(kept.layers());
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
      catalog.remove(layer);
      LayerDirectory.of(layers, layer).delete();
      fetching.recent().removeLayer(layer);
      fetching.store().removeLayer(layer);
      LOGGER.log(Level.DEBUG, "layer forgotten digest={0}", layer);
    }
  }
}
