package dev.asterism.cli;

import dev.asterism.cli.admin.AdminServer;
import dev.asterism.cli.admin.DaemonView;
import dev.asterism.cli.handover.Handover;
import dev.asterism.cli.handover.RootMounts;
import dev.asterism.layers.BlobSource;
import dev.asterism.layers.LayerService;
import dev.asterism.layers.LayerSettings;
import dev.asterism.registry.RequestCounts;
import dev.asterism.snapshotter.NamespacedSnapshots;
import dev.asterism.snapshotter.SnapshotException;
import dev.asterism.snapshotter.SnapshotSettings;
import dev.asterism.snapshotter.Snapshots;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;

/// A daemon's parts where namespaces share nothing: for each of them, below `namespaces/NAME` of
/// the root, what a daemon has below its root, a gate, and an admin socket.
///
/// Thread-safe. A namespace is opened at its first snapshot, and with every start from then on.
final class NamespaceParts implements NamespacedSnapshots.Namespaces, AutoCloseable {
  private static final Logger LOGGER = System.getLogger(NamespaceParts.class.getName());

  /// Each has a FUSE mount, its threads, and a process that holds the mount over restarts.
  private static final int MOST = 64;

  private final Path root;
  private final Path adminAddress;
  private final Common common;
  private final Instant started;
  private final SortedMap<String, Part> parts = new ConcurrentSkipListMap<>();
  private final ReentrantLock opening = new ReentrantLock(); // rare, and never waited for by reads

  /// What the parts of all namespaces are made with. Immutable.
  ///
  /// @param registry stays the caller's
  /// @param requests what it has asked for
  /// @param grace how long reads under way may take at the end
  record Common(
      BlobSource registry,
      RequestCounts requests,
      LayerSettings layers,
      SnapshotSettings snapshots,
      boolean logFileAccess,
      DaemonOptions.AtExit atExit,
      Duration grace,
      Map<String, String> environment,
      InstantSource clock) {}

  private record Part(Path root, LayerService layers, Snapshots snapshots, AdminServer admin) {}

  private NamespaceParts(Path root, Path adminAddress, Common common) {
    this.root = root.resolve(RootMounts.NAMESPACES);
    this.adminAddress = adminAddress;
    this.common = common;
    this.started = common.clock().instant();
  }

  /// Opens the namespaces that are there, side by side: the containers of each are answered as soon
  /// as it is open, those of all when this returns.
  ///
  /// @param root the daemon's, without symlinks
  /// @param adminAddress the daemon's; a namespace's is `NAME-NAMESPACE.EXTENSION` beside it
  /// @throws IOException if one of them cannot be opened: then none is
  static NamespaceParts open(Path root, Path adminAddress, Common common) throws IOException {
    NamespaceParts parts = new NamespaceParts(root, adminAddress, common);
    createPrivate(parts.root);
    try {
      SideBySide.forEach(
          parts.onDisk(), namespace -> parts.parts.put(namespace, parts.begin(namespace)));
    } catch (IOException | RuntimeException e) {
      try {
        parts.close();
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw e;
    }
    return parts;
  }

  private List<String> onDisk() throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (NamespacedSnapshots.isNamespace(name)) {
          names.add(name);
        }
      }
    }
    names.sort(Comparator.naturalOrder());
    return names;
  }

  private static void createPrivate(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
  }

  private Part begin(String namespace) throws IOException {
    Path own = root.resolve(namespace);
    createPrivate(own);
    LayerService layers =
        LayerService.open(
            own,
            common.registry(),
            common.layers(),
            common.clock(),
            Handover.ofNamespace(own, common.environment(), namespace));
    Optional<Snapshots> snapshots = Optional.empty();
    try {
      if (common.logFileAccess()) {
        layers.logFileAccess();
      }
      snapshots =
          Optional.of(
              Snapshots.open(
                  own, layers.layers(), common.snapshots().ofNamespace(namespace), common.clock()));
      snapshots.get().reopen();
      layers.serve();
      AdminServer admin =
          AdminServer.start(
              adminAddress(namespace), Optional.empty(), Optional.empty(), view(own, layers));
      LOGGER.log(
          Level.INFO,
          "namespace open namespace={0} root={1} admin={2}",
          namespace,
          own,
          adminAddress(namespace));
      return new Part(own, layers, snapshots.get(), admin);
    } catch (IOException | RuntimeException e) {
      try (Closeable _ = () -> end(layers)) {
        if (snapshots.isPresent()) {
          snapshots.get().close();
        }
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      throw new IOException(
          "the part of namespace %s in %s cannot be opened: %s"
              .formatted(namespace, own, e.getMessage()),
          e);
    }
  }

  private DaemonView view(Path own, LayerService layers) {
    return new DaemonView(own, Version.text(), started, common.clock(), layers, common.requests());
  }

  /// Returns the admin socket of a namespace.
  Path adminAddress(String namespace) {
    String name = adminAddress.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    String extension = dot > 0 ? name.substring(dot) : "";
    return adminAddress.resolveSibling("%s-%s%s".formatted(stem, namespace, extension));
  }

  @Override
  public Snapshots open(String namespace) throws IOException {
    Optional<Snapshots> there = find(namespace);
    if (there.isPresent()) {
      return there.get();
    }
    opening.lock();
    try {
      Part part = parts.get(namespace);
      if (part == null) {
        if (parts.size() >= MOST) {
          throw new SnapshotException(
              SnapshotException.Kind.UNAVAILABLE,
              "there are %d namespaces in %s, and there can be no more: delete those that are not used while no daemon runs"
                  .formatted(parts.size(), root));
        }
        part = begin(namespace);
        parts.put(namespace, part);
      }
      return part.snapshots();
    } finally {
      opening.unlock();
    }
  }

  @Override
  public Optional<Snapshots> find(String namespace) {
    return Optional.ofNullable(parts.get(namespace)).map(Part::snapshots);
  }

  @Override
  public List<Snapshots> all() {
    return parts.values().stream().map(Part::snapshots).toList();
  }

  /// Returns what can be asked of each namespace, by its name.
  SortedMap<String, DaemonView> views() {
    SortedMap<String, DaemonView> views = new TreeMap<>();
    parts.forEach((name, part) -> views.put(name, view(part.root(), part.layers())));
    return views;
  }

  /// Returns how much was asked of all layers since the start.
  long asked() {
    return parts.values().stream().mapToLong(part -> part.layers().asked()).sum();
  }

  /// Answers containers no longer where the next process will: before calls are cancelled.
  void leaveGates() throws IOException {
    if (common.atExit() == DaemonOptions.AtExit.LEAVE) {
      for (Part part : parts.values()) {
        part.layers().leaveGate(common.grace());
      }
    }
  }

  private void end(LayerService layers) throws IOException {
    switch (common.atExit()) {
      case LEAVE -> layers.leave(common.grace());
      case UNMOUNT -> layers.close();
    }
  }

  /// Ends all of them; nobody may ask them for anything any more.
  @Override
  public void close() throws IOException {
    Optional<IOException> failure = Optional.empty();
    for (Part part : parts.values()) {
      try (Closeable _ = () -> end(part.layers());
          Snapshots _ = part.snapshots();
          AdminServer _ = part.admin()) {
        LOGGER.log(Level.DEBUG, "namespace ends root={0}", part.root());
      } catch (IOException e) {
        failure = Optional.of(e);
      }
    }
    if (failure.isPresent()) {
      throw failure.get();
    }
  }
}
