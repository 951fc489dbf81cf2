package dev.asterism.snapshotter;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.INFO;
import static java.lang.System.Logger.Level.WARNING;

import dev.asterism.content.Digest;
import dev.asterism.layers.LayerMounter;
import dev.asterism.layers.LayerMounter.InUse;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerUsage;
import dev.asterism.snapshotter.MountPlan.Lower;
import dev.asterism.snapshotter.MountPlan.Top;
import dev.asterism.snapshotter.Snapshot.Content;
import io.grpc.Context;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Snapshots: file systems in layers, as containerd's snapshotter contract wants them.
///
/// A snapshot is *active* or a *view* (known by a key, can be mounted) or *committed* (known by a
/// name, can be a parent). Keys and names share one space. Committing turns an active one into a
/// committed one; nothing else changes its kind. A snapshot with children cannot be removed.
///
/// A Prepare may ask for a *target*: the name that the committed snapshot of one particular layer
/// must have. When that layer can be read lazily, the snapshot is committed at once under that name
/// and is *remote*: it has no directory, its files come through the chain that every snapshot over
/// it is mounted with. When it cannot, the Prepare is an ordinary one, and the caller unpacks.
///
/// Thread-safe. The metadata never waits for the layer mounter: it is written when a layer can be
/// read, and until then [Preparing] stands for the snapshot.
public final class Snapshots extends SnapshotCalls implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Snapshots.class.getName());
  private static final Path INDEX_PARAMETER = Path.of("/sys/module/overlay/parameters/index");

  private final MetadataStore store;
  private final SnapshotDirectories directories;
  private final LazyLayers layers;
  private final SnapshotSettings settings;
  private final Preparing preparing = new Preparing();
  private final PullLog pulls = new PullLog();
  private final InstantSource clock;
  private final List<String> overlayOptions;

  private Snapshots(
      MetadataStore store,
      SnapshotDirectories directories,
      LayerMounter mounter,
      SnapshotSettings settings,
      InstantSource clock) {
    this.store = store;
    this.directories = directories;
    this.layers = new LazyLayers(mounter);
    this.settings = settings;
    this.clock = clock;
    // As containerd does: with an index, an upper directory could not be mounted over other lowers.
    this.overlayOptions = Files.exists(INDEX_PARAMETER) ? List.of("index=off") : List.of();
  }

  /// As the other, with [SnapshotSettings#of].
  public static Snapshots open(
      Path root, LayerMounter mounter, VerificationPolicy policy, InstantSource clock)
      throws IOException {
    return open(root, mounter, SnapshotSettings.of(policy), clock);
  }

  /// Opens or creates `root/metadata.db` and `root/snapshots`. One process at a time.
  ///
  /// @param root an existing directory whose path has no `:`, `,` or `\`: overlayfs's options would
  ///   not bear them
  /// @throws IOException if they cannot be opened
  public static Snapshots open(
      Path root, LayerMounter mounter, SnapshotSettings settings, InstantSource clock)
      throws IOException {
    Path real = root.toRealPath();
    if (real.toString().chars().anyMatch(c -> ":,\\".indexOf(c) >= 0)) {
      throw new IOException(
          "%s: overlayfs does not bear ':', ',' or '\\' in a path".formatted(real));
    }
    SnapshotDirectories directories = SnapshotDirectories.open(real.resolve("snapshots"));
    MetadataStore store = MetadataStore.open(real.resolve("metadata.db"));
    return new Snapshots(store, directories, mounter, settings, clock);
  }

  /// Loads what [#open] needs of SQLite, 0.2 s of work that need not wait for anything: for a
  /// thread that has nothing else to do. What goes wrong goes wrong again in [#open], which says
  /// so.
  public static void preload() {
    MetadataStore.preload();
  }

  /// Puts things right after an earlier process: [#reopen], then [#cleanup].
  ///
  /// @throws IOException if the metadata cannot be read
  public void start() throws IOException {
    reopen();
    cleanup();
  }

  /// Reopens every layer from the disk. Needs no network; a layer that cannot be reopened is
  /// logged, and fetched again when it is needed.
  ///
  /// @throws IOException if the metadata cannot be read
  public void reopen() throws IOException {
    Set<LayerRequest> remote =
        store.transact(transaction -> {
          Set<LayerRequest> found = new LinkedHashSet<>();
          for (Snapshot snapshot : transaction.all()) {
            if (snapshot.content() instanceof Content.Remote(LayerRequest layer)) {
              if (snapshot.kind() == SnapshotKind.COMMITTED) {
                found.add(layer);
              } else {
                // A process of an earlier version died while it prepared this layer; nobody got an
                // answer.
                transaction.setContent(snapshot, new Content.Ordinary());
              }
            }
          }
          return found;
        });
    layers.reopen(remote);
    LOG.log(DEBUG, () -> "snapshots ready remote-layers=" + remote.size());
  }

  /// Creates an active snapshot over a committed one, or over nothing.
  ///
  /// @param parent its name, or empty
  /// @param labels may name a target and its layer, see [RemoteLabels]
  /// @throws SnapshotException if the key is taken: ALREADY_EXISTS; if there is no such parent:
  ///   NOT_FOUND; if it is not committed: INVALID_ARGUMENT; if its layers cannot be read now:
  ///   UNAVAILABLE
  @Override
  Prepared prepare(String key, String parent, Map<String, String> labels) throws IOException {
    Optional<String> target = RemoteLabels.target(labels);
    if (target.isPresent()) {
      return prepareTarget(target.get(), key, parent, labels);
    }
    return new Prepared.Mounts(create(key, parent, SnapshotKind.ACTIVE, labels));
  }

  /// Creates a read-only snapshot. Fails as [#prepare].
  @Override
  List<Mount> view(String key, String parent, Map<String, String> labels) throws IOException {
    return create(key, parent, SnapshotKind.VIEW, labels);
  }

  private List<Mount> create(
      String key, String parent, SnapshotKind kind, Map<String, String> labels) throws IOException {
    return firstMounts(insert(key, parent, kind, labels));
  }

  private Prepared prepareTarget(
      String target, String key, String parent, Map<String, String> labels) throws IOException {
    LayerRequest layer;
    try {
      layer = RemoteLabels.request(labels, settings.verification());
    } catch (SnapshotException e) {
      Prepared fallback = new Prepared.Mounts(create(key, parent, SnapshotKind.ACTIVE, labels));
      logNotPrepared(key, "", e);
      return fallback;
    }
    if (isUnpacked(target, parent)) {
      return new Prepared.AlreadyCommitted(target);
    }
    requireName("key", key);
    boolean isLast = RemoteLabels.isLast(labels, layer.layer());
    if (!prepareRemote(new Remote(target, key, parent, labels, layer), isLast)) {
      return new Prepared.Mounts(create(key, parent, SnapshotKind.ACTIVE, labels));
    }
    LOG.log(
        DEBUG,
        () ->
            "remote-snapshot-prepared=true key=%s layer=%s"
                .formatted(LogText.quote(key), layer.layer()));
    pulls.lazy(layer.image(), isLast).ifPresent(line -> LOG.log(INFO, line));
    if (isLast) {
      expectChain(parent, layer);
    }
    return new Prepared.AlreadyCommitted(target);
  }

  /// A remote snapshot that is asked for.
  private record Remote(
      String target, String key, String parent, Map<String, String> labels, LayerRequest layer) {}

  /// Makes a layer readable and then a snapshot of it. Tells whether that could be done; why not is
  /// logged.
  private boolean prepareRemote(Remote wanted, boolean isLast) throws IOException {
    LayerRequest layer = wanted.layer();
    try (Preparing.Entry _ = preparing.enter(wanted.key(), wanted.parent(), layer.layer())) {
      store.read(transaction -> {
        transaction.checkRoom(wanted.key(), wanted.parent());
        return isPublished(transaction, wanted);
      });
      layers.expect(layer, RemoteLabels.following(wanted.labels(), layer.layer()));
      LayerUsage usage = layers.prepare(layer);
      publish(wanted, new Usage(usage.size(), usage.inodes()));
      layers.settle(); // was begun before: the disk writes both at once
      return true;
    } catch (SnapshotException e) {
      throw e; // an ordinary snapshot would be refused as well
    } catch (IOException | RuntimeException e) {
      logNotPrepared(wanted.key(), layer.layer().toString(), e);
      pulls
          .unpacked(layer.image(), layer.layer(), e, isLast)
          .ifPresent(line -> LOG.log(INFO, line));
      return false;
    }
  }

  /// Says that a container will be started over a remote snapshot, the last of an image.
  private void expectChain(String parent, LayerRequest layer) {
    List<MountPlan.Parent> parents = new ArrayList<>();
    parents.add(new MountPlan.Parent.Remote(layer.layer()));
    try {
      parents.addAll(
          References.parents(
              store.read(transaction -> transaction.chain(parent)), directories::fs));
    } catch (IOException e) {
      LOG.log(DEBUG, () -> "parents not read parent=%s".formatted(LogText.quote(parent)), e);
      return; // whoever mounts it will meet the same
    }
    for (Lower lower : MountPlan.lowers(parents)) {
      if (lower instanceof Lower.Merged(var chain)) {
        layers.expect(chain);
      }
    }
  }

  /// Tells whether `target` was downloaded and unpacked earlier, in another namespace: then there
  /// is nothing to be lazy about, and containerd finds that snapshot by its label. It is what the
  /// target says, whatever blob it came from: containerd has hashed it.
  private boolean isUnpacked(String target, String parent) throws IOException {
    if (settings.namespace().isPresent()) {
      return false; // containerd has looked in this namespace, and the others' are not found
    }
    return store.read(transaction -> transaction.committedFor(target, parent)).stream()
        .anyMatch(snapshot -> snapshot.content() instanceof Content.Ordinary);
  }

  /// Adds the committed snapshot of a layer that can be read, under the name that was asked for.
  /// Where an equal one stands already, that one is the answer.
  ///
  /// @throws IOException as [#isPublished]
  private void publish(Remote wanted, Usage usage) throws IOException {
    store.transact(transaction -> {
      transaction.checkRoom(wanted.key(), wanted.parent());
      if (isPublished(transaction, wanted)) {
        return wanted;
      }
      Map<String, String> labels = new HashMap<>(wanted.labels());
      labels.put(RemoteLabels.REMOTE, RemoteLabels.REMOTE_VALUE);
      transaction.insert(
          freeName(transaction, settings.nameFor(wanted.target(), wanted.parent())),
          wanted.parent(),
          SnapshotKind.COMMITTED,
          labels,
          new Content.Remote(wanted.layer()),
          usage,
          clock.instant());
      return wanted;
    });
  }

  /// Tells whether the snapshot that is asked for stands already.
  ///
  /// @throws IOException if another layer does under that target: both say that they unpack to the
  ///   same, and only who unpacks this one will know
  private boolean isPublished(Transaction transaction, Remote wanted)
      throws IOException, SQLException {
    List<Snapshot> standing = transaction.committedFor(wanted.target(), wanted.parent());
    if (settings.namespace().isEmpty()
        && standing.stream().anyMatch(snapshot -> snapshot.content() instanceof Content.Ordinary)) {
      return true;
    }
    for (Snapshot snapshot : standing) {
      if (snapshot.content() instanceof Content.Remote(LayerRequest layer)) {
        if (!layer.layer().equals(wanted.layer().layer())) {
          throw new IOException(
              "layer %s of %s has the name %s already: whether this one unpacks to the same is seen by unpacking it"
                  .formatted(layer.layer(), layer.image(), wanted.target()));
        }
        return true;
      }
    }
    return false;
  }

  // The same target over another parent: one namespace unpacked the layer below, the other did not.
  // containerd finds its snapshot by label and parent, so the name only has to be free.
  private String freeName(Transaction transaction, String name) throws SQLException {
    if (transaction.find(name).isEmpty()) {
      return name;
    }
    String unique = "%s@%d".formatted(name, transaction.nextId());
    return settings.namespace().isPresent() && NamespacedSnapshots.namespaceOf(name).isEmpty()
        ? settings.namespace().get() + "/" + unique // our number means nothing to others
        : unique;
  }

  private static void logNotPrepared(String key, String layer, Exception reason) {
    String line =
        "remote-snapshot-prepared=false key=%s layer=%s reason=%s"
            .formatted(LogText.quote(key), layer, LogText.quote(reason));
    if (reason instanceof RuntimeException) {
      LOG.log(WARNING, line, reason);
    } else {
      LOG.log(WARNING, line);
    }
  }

  private Snapshot insert(String key, String parent, SnapshotKind kind, Map<String, String> labels)
      throws IOException {
    requireName("key", key);
    return store.transact(transaction -> {
      if (preparing.has(key)) {
        throw SnapshotException.alreadyExists(key);
      }
      Snapshot snapshot =
          transaction.insert(
              key, parent, kind, labels, new Content.Ordinary(), new Usage(0, 0), clock.instant());
      Path unnamed = directories.create(kind);
      try {
        transaction.forceFirst(directories.adopt(unnamed, snapshot.id()));
      } catch (IOException | RuntimeException e) {
        directories.discard(unnamed);
        throw e;
      }
      return snapshot;
    });
  }

  /// Returns the mounts of a snapshot that was just created, its root made to look like the one
  /// below; where that fails, the snapshot is gone again.
  private List<Mount> firstMounts(Snapshot snapshot) throws IOException {
    try {
      List<Path> lowers = new ArrayList<>();
      List<Mount> mounts = mounts(snapshot, lowers);
      if (!lowers.isEmpty() && snapshot.kind() == SnapshotKind.ACTIVE) {
        directories.inherit(snapshot.id(), lowers.getFirst());
      }
      return mounts;
    } catch (IOException | RuntimeException e) {
      try {
        remove(snapshot.name());
      } catch (IOException | RuntimeException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
  }

  /// Returns how to mount an active snapshot or a view.
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND; if it is committed:
  ///   FAILED_PRECONDITION; if the layers below cannot be read now: UNAVAILABLE
  @Override
  List<Mount> mounts(String key) throws IOException {
    Snapshot snapshot = store.read(transaction -> transaction.require(key));
    return mounts(snapshot, new ArrayList<>());
  }

  private List<Mount> mounts(Snapshot snapshot, List<Path> lowers) throws IOException {
    Top top =
        switch (snapshot.kind()) {
          case ACTIVE ->
              new Top.Writable(directories.fs(snapshot.id()), directories.work(snapshot.id()));
          case VIEW -> new Top.ReadOnly();
          case COMMITTED ->
              throw SnapshotException.failedPrecondition(
                  "snapshot %s is committed: only an active one or a view can be mounted"
                      .formatted(snapshot.name()));
        };
    List<Snapshot> ancestors = store.read(transaction -> transaction.ancestors(snapshot));
    boolean lazy = false;
    // The lowest first: a chain may look at what is mounted below it.
    for (Lower lower :
        MountPlan.lowers(References.parents(ancestors, directories::fs)).reversed()) {
      switch (lower) {
        case Lower.Directory(Path fs) -> lowers.addFirst(fs);
        case Lower.Merged(var chain) -> {
          lowers.addFirst(layers.mount(chain));
          lazy = true;
        }
      }
    }
    return lazy
        ? MountPlan.sealed(top, MountPlan.lazy(top, lowers, layers.dataLayers(), overlayOptions))
        : List.of(MountPlan.ordinary(top, directories.fs(snapshot.id()), lowers, overlayOptions));
  }

  /// Turns the active snapshot `key` into the committed one `name`.
  ///
  /// @param parent the one that it has, or empty: containerd 2.2 and later would give it here to
  ///   snapshotters that can put a layer over another one than that of its `Prepare`
  /// @param labels replace all that it had
  /// @throws SnapshotException if there is no `key`: NOT_FOUND; if it is not active:
  ///   FAILED_PRECONDITION; if `name` is taken: ALREADY_EXISTS; if `parent` is another one:
  ///   INVALID_ARGUMENT
  @Override
  void commit(String name, String key, String parent, Map<String, String> labels)
      throws IOException {
    requireName("name", name);
    Snapshot before = store.read(transaction -> requireActive(transaction, key));
    if (!parent.isEmpty() && !parent.equals(before.parent())) {
      throw SnapshotException.invalidArgument(
          "cannot commit snapshot %s over %s: its parent is \"%s\" since it was prepared; take \"rebase\" out of the proxy plugin's capabilities in containerd's configuration"
              .formatted(key, parent, before.parent()));
    }
    Usage usage = DirectoryTree.usage(directories.fs(before.id()), Snapshots::isCallEnded);
    boolean lazy =
        store.transact(transaction -> {
          Snapshot active = requireActive(transaction, key);
          transaction.setContent(active, new Content.Ordinary());
          transaction.commit(active, name, labels, usage, clock.instant());
          return References.touchLayers(active, transaction.ancestors(active));
        });
    if (lazy) {
      retain();
    }
  }

  // What a container has written can be millions of files: who asked may have gone before the end.
  private static boolean isCallEnded() {
    return Context.current().isCancelled() || Thread.currentThread().isInterrupted();
  }

  private static Snapshot requireActive(Transaction transaction, String key)
      throws IOException, SQLException {
    Snapshot snapshot = transaction.require(key);
    if (snapshot.kind() != SnapshotKind.ACTIVE) {
      throw SnapshotException.failedPrecondition("snapshot %s is not active".formatted(key));
    }
    return snapshot;
  }

  /// Forgets a snapshot of any kind. Its directory is deleted, or left to [#cleanup] where that is
  /// wanted ([SnapshotSettings#asyncRemove]).
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND; if it has children: FAILED_PRECONDITION
  @Override
  void remove(String key) throws IOException {
    record Removed(Snapshot snapshot, boolean lazy) {}
    Removed removed =
        store.transact(transaction -> {
          Snapshot snapshot = transaction.require(key);
          if (transaction.hasChildren(snapshot) || preparing.isOver(key)) {
            throw SnapshotException.failedPrecondition(
                "cannot remove snapshot %s: it has children".formatted(key));
          }
          boolean lazy = References.touchLayers(snapshot, transaction.ancestors(snapshot));
          transaction.delete(snapshot);
          return new Removed(snapshot, lazy);
        });
    if (!settings.asyncRemove()) {
      removeDirectory(removed.snapshot());
    }
    if (removed.lazy()) {
      retain();
    }
  }

  // The metadata has forgotten it, so the caller is done; what stays is Cleanup's.
  private void removeDirectory(Snapshot snapshot) {
    try {
      directories.remove(snapshot.id());
    } catch (IOException e) {
      LOG.log(
          WARNING,
          () ->
              "directory not deleted, cleanup will try again id=%d key=%s reason=%s"
                  .formatted(snapshot.id(), LogText.quote(snapshot.name()), LogText.quote(e)));
    }
  }

  /// Tells whether there is a snapshot of that key or name.
  boolean has(String key) throws IOException {
    return store.read(transaction -> transaction.find(key)).isPresent();
  }

  /// Returns what is known of a snapshot.
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND
  @Override
  Snapshot stat(String key) throws IOException {
    return store.read(transaction -> transaction.require(key));
  }

  /// Changes the labels of a snapshot and returns it as it is then.
  ///
  /// @param fields what to take from `labels`: `labels` all, `labels.<key>` one (an empty value
  ///   removes it); no field means all
  /// @throws SnapshotException if there is no such snapshot: NOT_FOUND; if a field cannot be
  ///   changed: INVALID_ARGUMENT
  @Override
  Snapshot update(String name, Map<String, String> labels, List<String> fields) throws IOException {
    return store.transact(transaction -> {
      Snapshot before = transaction.require(name);
      Map<String, String> after =
          fields.isEmpty() ? labels : merge(before.labels(), labels, fields);
      transaction.relabel(before, after, clock.instant());
      return transaction.require(name);
    });
  }

  private static Map<String, String> merge(
      Map<String, String> before, Map<String, String> labels, List<String> fields)
      throws SnapshotException {
    Map<String, String> merged = new HashMap<>(before);
    for (String field : fields) {
      if (field.equals("labels")) {
        merged = new HashMap<>(labels);
      } else if (field.startsWith("labels.")) {
        String label = field.substring("labels.".length());
        merged.put(label, labels.getOrDefault(label, ""));
      } else {
        throw SnapshotException.invalidArgument("field %s cannot be changed".formatted(field));
      }
    }
    return merged;
  }

  /// Returns the snapshots that a filter matches, oldest first; but a remote one after the unpacked
  /// one that has the same target and parent. containerd takes the first one that it finds, and has
  /// itself compared with the target what it unpacked.
  ///
  /// @param filters see [SnapshotFilter]; none matches everything
  /// @throws SnapshotException if one cannot be read: INVALID_ARGUMENT
  @Override
  List<Snapshot> list(List<String> filters) throws IOException {
    SnapshotFilter filter = SnapshotFilter.parse(filters);
    return unpackedFirst(store.read(Transaction::all).stream().filter(filter::matches).toList());
  }

  private static List<Snapshot> unpackedFirst(List<Snapshot> found) {
    record Place(Optional<String> target, String parent) {
      static Place of(Snapshot snapshot) {
        return new Place(RemoteLabels.target(snapshot.labels()), snapshot.parent());
      }
    }
    Set<Place> unpacked =
        found.stream()
            .filter(snapshot ->
                snapshot.kind() == SnapshotKind.COMMITTED
                    && snapshot.content() instanceof Content.Ordinary)
            .map(Place::of)
            .filter(place -> place.target().isPresent())
            .collect(Collectors.toSet());
    Map<Boolean, List<Snapshot>> behind =
        found.stream()
            .collect(
                Collectors.partitioningBy(snapshot ->
                    snapshot.content() instanceof Content.Remote
                        && unpacked.contains(Place.of(snapshot))));
    List<Snapshot> ordered = new ArrayList<>(behind.getOrDefault(false, List.of()));
    ordered.addAll(behind.getOrDefault(true, List.of()));
    return ordered;
  }

  /// Returns what a snapshot takes of the disk: of an active one counted now; of a remote one its
  /// layer's part of the store, divided by the snapshots that the layer has.
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND
  @Override
  Usage usage(String key) throws IOException {
    Snapshot snapshot = stat(key);
    if (snapshot.kind() == SnapshotKind.ACTIVE) {
      return DirectoryTree.usage(directories.fs(snapshot.id()), Snapshots::isCallEnded);
    }
    return switch (snapshot.content()) {
      case Content.Ordinary() -> snapshot.usage();
      case Content.Remote(LayerRequest layer) -> {
        LayerUsage whole = layers.diskUsage(layer.layer());
        long snapshots = store.read(transaction -> transaction.snapshotsOf(layer.layer()));
        long among = Math.max(1, snapshots);
        yield new Usage(whole.size() / among, whole.inodes() / among);
      }
    };
  }

  /// Deletes every directory that no snapshot has, and lets go of unused layers.
  @Override
  public void cleanup() throws IOException {
    List<Path> doomed =
        store.transact(transaction ->
            directories.setAsideAllBut(
                transaction.all().stream().map(Snapshot::id).collect(Collectors.toSet())));
    for (Path directory : doomed) {
      try {
        DirectoryTree.delete(directory);
      } catch (IOException e) {
        LOG.log(
            WARNING,
            () ->
                "directory not deleted, the next cleanup will try again directory=%s reason=%s"
                    .formatted(directory, LogText.quote(e)));
      }
    }
    retain();
  }

  private void retain() {
    layers.retain(this::inUse);
  }

  private InUse inUse() throws IOException {
    Set<Digest> inPreparation = preparing.layers(); // first: they move from here to the metadata
    InUse inUse = References.inUse(store.read(Transaction::all), directories::fs);
    Set<Digest> all = new HashSet<>(inUse.layers());
    all.addAll(inPreparation);
    return new InUse(all, inUse.chains());
  }

  private static void requireName(String what, String name) throws SnapshotException {
    if (name.isEmpty()) {
      throw SnapshotException.invalidArgument("the %s is empty".formatted(what));
    }
  }

  /// Closes the metadata. Snapshots, layers and mounts stay. May be called twice.
  @Override
  public void close() throws IOException {
    store.close();
  }
}
