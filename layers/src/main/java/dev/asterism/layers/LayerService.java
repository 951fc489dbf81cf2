package dev.asterism.layers;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.FileType;
import dev.asterism.fuse.FuseSession;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The lazy layers of one root directory, up and running: store, gate, catalog.
///
/// One process at a time serves a root. Closing unmounts the gate; chains and what containers have
/// mounted stay. Thread-safe.
public final class LayerService implements AutoCloseable {
  private final DirectoryCache store;
  private final FuseSession session;
  private final LayerStore layers;
  private final Fetching fetching;
  private final Promotion promotion;

  private LayerService(
      DirectoryCache store, FuseSession session, LayerStore layers, Fetching fetching) {
    this.fetching = fetching;
    this.promotion = new Promotion(fetching.scheduler(), fetching.catalog());
    this.store = store;
    this.session = session;
    this.layers = layers;
  }

  /// As the other; nothing is fetched but what is read.
  public static LayerService open(
      Path root, BlobSource registry, FetchPolicy policy, InstantSource clock) throws IOException {
    return open(root, registry, policy, StartPolicy.NOTHING, clock);
  }

  /// Opens the store below `root`, mounts the gate and knows the layers that are on disk.
  ///
  /// @param root an absolute directory without `:` or `,` in its name, made if it is not there
  /// @throws IOException if the directory cannot be used, or FUSE cannot be mounted
  public static LayerService open(
      Path root,
      BlobSource registry,
      FetchPolicy policy,
      StartPolicy starts,
      InstantSource clock)
      throws IOException {
    if (!root.isAbsolute() || root.toString().matches(".*[:,\\\\].*")) {
      throw new IOException(
          "root %s must be an absolute path without ':', ',' or '\\': it becomes a mount option"
              .formatted(root));
    }
    Files.createDirectories(root);
    DirectoryCache store = DirectoryCache.open(root.resolve("cache"), clock);
    try {
      return mount(root, registry, policy, starts, store, clock);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static LayerService mount(
      Path root,
      BlobSource registry,
      FetchPolicy policy,
      StartPolicy starts,
      DirectoryCache store,
      InstantSource clock)
      throws IOException {
    Catalog catalog = new Catalog();
    ImageTrees trees = new ImageTrees();
    Fetching fetching =
        new Fetching(
            policy,
            store,
            new RecentChunks(policy.maxInFlight()),
            new Scheduler(policy, new IdleMemory()),
            new FetchListeners(),
            catalog,
            trees,
            new Libraries(store, catalog, trees),
            (layer, object) -> nameOf(LayerDirectory.of(root.resolve("layers"), layer), object));
    Path mountpoint = root.resolve("fs");
    unmountDead(mountpoint); // before anything looks at it: a dead mount answers ENOTCONN
    Files.createDirectories(mountpoint);
    FuseSession session =
        FuseSession.mount(
            mountpoint, "asterism", new Gate(fetching), FuseSession.Options.defaults());
    try {
      LayerStore layers =
          new LayerStore(root, mountpoint.resolve(Gate.NAME), registry, fetching, starts, clock);
      return new LayerService(store, session, layers, fetching);
    } catch (IOException | RuntimeException e) {
      session.close();
      throw e;
    }
  }

  /// Takes away the mount of a process that died; the mounts on top of it in containers are their
  /// own.
  private static void unmountDead(Path mountpoint) throws IOException {
    while (Mounts.find(mountpoint).isPresent()) {
      Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
    }
  }

  private static String nameOf(LayerDirectory layer, LayerObject object) {
    Content content = Content.of(object.digest());
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
    return layers;
  }

  /// Returns the starts that were seen lately, for what reports on them.
  public Starts starts() {
    return layers.starts();
  }

  /// Returns what the layers fetch with.
  Fetching fetching() {
    return fetching;
  }

  /// Returns the layers that can be read now, a new set.
  public Set<Digest> mountedLayers() {
    return layers.mounted();
  }

  /// Returns the store, for what reports on it.
  public DirectoryCache store() {
    return store;
  }

  /// Unmounts the gate and closes the store. Reads that wait end with an error.
  @Override
  public void close() throws IOException {
    layers.close();
    try {
      promotion.close();
      fetching.scheduler().close(); // whoever waits for its turn does so no longer
      session.close();
    } finally {
      fetching.scheduler().memory().close();
      fetching.trees().close();
      store.close();
    }
  }
}
