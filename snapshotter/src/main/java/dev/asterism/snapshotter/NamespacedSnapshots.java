package dev.asterism.snapshotter;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Snapshots that are kept apart by containerd's namespaces, each with layers and a store of its
/// own: what one namespace has says nothing to another one.
///
/// containerd's metadata begins every key and name that it makes with the namespace and a slash
/// (`<namespace>/<number>/<key>`): so each call says by its key whom it means. A target's name is a
/// chain ID and says nothing of a namespace, and neither does containerd when it looks for the
/// snapshot of a target (its proxies send no header on). So these have one name in all namespaces
/// that prepared them, and are one to the caller, as containerd takes them for one: they are found
/// if one namespace has them, removed from all, and their usage is the sum. But who stands on one
/// stands on the one of its own namespace, and there is none unless that namespace prepared it.
///
/// Thread-safe.
public final class NamespacedSnapshots extends SnapshotCalls {
  /// What containerd takes for a namespace (`pkg/identifiers`): 76 characters at most, and nothing
  /// that a path would take for more than a name.
  private static final Pattern NAMESPACE =
      Pattern.compile("(?=.{1,76}$)[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*");

  private final Namespaces namespaces;

  /// @param namespaces stays the caller's
  public NamespacedSnapshots(Namespaces namespaces) {
    this.namespaces = namespaces;
  }

  /// The snapshots of each namespace. Thread-safe.
  public interface Namespaces {
    /// Returns the snapshots of a namespace; makes room for it if it is new.
    ///
    /// @param namespace a name of containerd's rules: safe as the name of a file
    /// @throws IOException if there can be no more namespaces, or the disk fails
    Snapshots open(String namespace) throws IOException;

    /// Returns the snapshots of a namespace that was opened; empty if there is none.
    Optional<Snapshots> find(String namespace);

    /// Returns the snapshots of every namespace that was opened.
    List<Snapshots> all();
  }

  /// Tells whether a text can be the name of a namespace.
  public static boolean isNamespace(String text) {
    return NAMESPACE.matcher(text).matches();
  }

  /// Returns the namespace that a key or name begins with; empty if it begins with none.
  static Optional<String> namespaceOf(String key) {
    int slash = key.indexOf('/');
    return slash < 0
        ? Optional.empty()
        : Optional.of(key.substring(0, slash)).filter(NamespacedSnapshots::isNamespace);
  }

  @Override
  Prepared prepare(String key, String parent, Map<String, String> labels) throws IOException {
    return open(key).prepare(key, parent, labels);
  }

  @Override
  List<Mount> view(String key, String parent, Map<String, String> labels) throws IOException {
    return open(key).view(key, parent, labels);
  }

  private Snapshots open(String key) throws IOException {
    return namespaces.open(
        namespaceOf(key)
            .orElseThrow(() ->
                SnapshotException.invalidArgument(
                    "key %s does not begin with a namespace and '/', as containerd's do: with directory_cache.scope = \"namespace\" it must"
                        .formatted(key))));
  }

  @Override
  List<Mount> mounts(String key) throws IOException {
    return holders(key).getFirst().mounts(key);
  }

  @Override
  void commit(String name, String key, String parent, Map<String, String> labels)
      throws IOException {
    Optional<String> namespace = namespaceOf(key);
    if (namespace.isEmpty() || !namespaceOf(name).equals(namespace)) {
      throw SnapshotException.invalidArgument(
          "key %s and name %s do not begin with the same namespace and '/'".formatted(key, name));
    }
    holders(key).getFirst().commit(name, key, parent, labels);
  }

  @Override
  void remove(String key) throws IOException {
    for (Snapshots holder : holders(key)) {
      holder.remove(key);
    }
  }

  @Override
  Snapshot stat(String key) throws IOException {
    return holders(key).getFirst().stat(key);
  }

  @Override
  Snapshot update(String name, Map<String, String> labels, List<String> fields) throws IOException {
    Snapshot updated = stat(name);
    for (Snapshots holder : holders(name)) {
      updated = holder.update(name, labels, fields);
    }
    return updated;
  }

  @Override
  Usage usage(String key) throws IOException {
    Usage sum = Usage.NONE;
    for (Snapshots holder : holders(key)) {
      Usage usage = holder.usage(key);
      sum = new Usage(sum.size() + usage.size(), sum.inodes() + usage.inodes());
    }
    return sum;
  }

  /// Returns the snapshots that have a key or name: those of its namespace, or of all that prepared
  /// a target.
  ///
  /// @return not empty
  /// @throws SnapshotException if there are none: NOT_FOUND
  private List<Snapshots> holders(String key) throws IOException {
    Optional<String> namespace = namespaceOf(key);
    List<Snapshots> asked =
        namespace.isPresent()
            ? namespaces.find(namespace.get()).stream().toList()
            : namespaces.all();
    List<Snapshots> holders = new ArrayList<>();
    for (Snapshots snapshots : asked) {
      if (snapshots.has(key)) {
        holders.add(snapshots);
      }
    }
    if (holders.isEmpty()) {
      throw SnapshotException.notFound(key);
    }
    return holders;
  }

  /// Targets come first: of several snapshots with the label that it looks for, containerd takes
  /// the first.
  @Override
  List<Snapshot> list(List<String> filters) throws IOException {
    SnapshotFilter.parse(filters); // a wrong one is refused, whether anybody has snapshots or not
    Map<String, Snapshot> targets = new LinkedHashMap<>();
    List<Snapshot> others = new ArrayList<>();
    for (Snapshots snapshots : namespaces.all()) {
      for (Snapshot snapshot : snapshots.list(filters)) {
        if (namespaceOf(snapshot.name()).isEmpty()) {
          targets.putIfAbsent(snapshot.name(), snapshot);
        } else {
          others.add(snapshot);
        }
      }
    }
    return Stream.concat(targets.values().stream(), others.stream()).toList();
  }

  @Override
  public void cleanup() throws IOException {
    for (Snapshots snapshots : namespaces.all()) {
      snapshots.cleanup();
    }
  }
}
