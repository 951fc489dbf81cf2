package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest;
import dev.asterism.snapshotter.Snapshot.Content;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// One transaction on the snapshot metadata: the queries and changes there are.
///
/// Confined to one thread and to the [MetadataStore.Work] that it was given to.
final class Transaction {
  private static final String SELECT =
      """
      SELECT s.id, s.name, coalesce(p.name, ''), s.kind, s.created, s.updated, s.size, s.inodes,
             l.image, l.digest, l.toc_digest, l.verification
        FROM snapshots s
        LEFT JOIN snapshots p ON p.id = s.parent
        LEFT JOIN layers l ON l.snapshot = s.id
      """;

  /// The label's name is part of the text, so that the index of its values serves.
  static final String COMMITTED_FOR =
      SELECT
          + """
           WHERE s.id IN (SELECT snapshot FROM labels WHERE name = '%s' AND value = ?)
             AND s.kind = 'COMMITTED' AND coalesce(p.name, '') = ? ORDER BY s.id
          """
              .formatted(RemoteLabels.TARGET);

  private final Statements statements;
  private final Set<Path> changedDirectories = new LinkedHashSet<>();

  Transaction(Statements statements) {
    this.statements = statements;
  }

  /// Has directories forced to the disk before what this transaction says of them is.
  void forceFirst(List<Path> directories) {
    changedDirectories.addAll(directories);
  }

  /// Returns what [#forceFirst] was told, in that order.
  Set<Path> changedDirectories() {
    return Collections.unmodifiableSet(changedDirectories);
  }

  /// Returns the snapshot of that key or name; empty if there is none.
  Optional<Snapshot> find(String name) throws SQLException {
    return select(SELECT + " WHERE s.name = ?", name).stream().findFirst();
  }

  /// Returns the snapshot of that key or name.
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND
  Snapshot require(String name) throws SQLException, SnapshotException {
    return find(name).orElseThrow(() -> SnapshotException.notFound(name));
  }

  /// Returns every snapshot, oldest first.
  List<Snapshot> all() throws SQLException {
    Map<Long, Map<String, String>> labels = new HashMap<>();
    try (Statements.Use statement = statements.use("SELECT snapshot, name, value FROM labels");
        ResultSet row = statement.query()) {
      while (row.next()) {
        labels
            .computeIfAbsent(row.getLong(1), _ -> new HashMap<>())
            .put(row.getString(2), row.getString(3));
      }
    }
    List<Snapshot> all = new ArrayList<>();
    try (Statements.Use statement = statements.use(SELECT + " ORDER BY s.id");
        ResultSet row = statement.query()) {
      while (row.next()) {
        all.add(snapshot(row, labels.getOrDefault(row.getLong(1), Map.of())));
      }
    }
    return all;
  }

  /// Returns the parents of a snapshot: nearest first, without itself.
  List<Snapshot> ancestors(Snapshot of) throws SQLException {
    return select(
        """
        WITH RECURSIVE up (id, depth) AS (
          SELECT parent, 1 FROM snapshots WHERE id = ?
          UNION ALL
          SELECT s.parent, up.depth + 1 FROM snapshots s JOIN up ON s.id = up.id
        )
        """
            + SELECT
            + " JOIN up ON up.id = s.id ORDER BY up.depth",
        of.id());
  }

  /// Returns the committed snapshots over `parent` (empty: over nothing) whose label
  /// [RemoteLabels#TARGET] is `target`: those that containerd takes for `target`.
  List<Snapshot> committedFor(String target, String parent) throws SQLException {
    return select(COMMITTED_FOR, target, parent);
  }

  /// Returns the snapshot of that name and its parents, nearest first; none for the empty name.
  ///
  /// @throws SnapshotException if there is none: NOT_FOUND
  List<Snapshot> chain(String name) throws SQLException, SnapshotException {
    if (name.isEmpty()) {
      return List.of();
    }
    Snapshot top = require(name);
    List<Snapshot> chain = new ArrayList<>(List.of(top));
    chain.addAll(ancestors(top));
    return chain;
  }

  /// Returns how many committed snapshots a lazy layer has: one for each parent that it lies over.
  long snapshotsOf(Digest layer) throws SQLException {
    return number(
        """
        SELECT count(*) FROM layers l JOIN snapshots s ON s.id = l.snapshot
         WHERE l.digest = ? AND s.kind = 'COMMITTED'
        """,
        layer.toString());
  }

  /// Tells whether some snapshot has this one as its parent.
  boolean hasChildren(Snapshot snapshot) throws SQLException {
    return number(
            "SELECT count(*) FROM (SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1)",
            snapshot.id())
        > 0;
  }

  // What counts or sums has one row.
  private long number(String sql, Object... arguments) throws SQLException {
    try (Statements.Use statement = statements.use(sql, arguments);
        ResultSet row = statement.query()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /// Adds a snapshot and returns it with its new id.
  ///
  /// @param parent name of a committed snapshot, or empty
  /// @throws SnapshotException if the key is taken: ALREADY_EXISTS; if there is no such parent:
  ///   NOT_FOUND; if it is not committed: INVALID_ARGUMENT
  Snapshot insert(
      String key,
      String parent,
      SnapshotKind kind,
      Map<String, String> labels,
      Content content,
      Usage usage,
      Instant now)
      throws SQLException, SnapshotException {
    Optional<Snapshot> below = checkRoom(key, parent);
    if (below.isEmpty()) {
      statements.run(
          "INSERT INTO snapshots (name, kind, created, updated, size, inodes) VALUES (?, ?, ?, ?, ?, ?)",
          key,
          kind.name(),
          nanos(now),
          nanos(now),
          usage.size(),
          usage.inodes());
    } else {
      statements.run(
          "INSERT INTO snapshots (name, parent, kind, created, updated, size, inodes) VALUES (?, ?, ?, ?, ?, ?, ?)",
          key,
          below.get().id(),
          kind.name(),
          nanos(now),
          nanos(now),
          usage.size(),
          usage.inodes());
    }
    long id = number("SELECT last_insert_rowid()");
    insertLabels(id, labels);
    insertContent(id, content);
    return require(key);
  }

  /// Checks what [#insert] does, and returns the parent if there is to be one.
  ///
  /// @throws SnapshotException as [#insert]
  Optional<Snapshot> checkRoom(String key, String parent) throws SQLException, SnapshotException {
    if (find(key).isPresent()) {
      throw SnapshotException.alreadyExists(key);
    }
    if (parent.isEmpty()) {
      return Optional.empty();
    }
    Snapshot below = require(parent);
    if (below.kind() != SnapshotKind.COMMITTED) {
      throw SnapshotException.invalidArgument("parent %s is not committed".formatted(parent));
    }
    return Optional.of(below);
  }

  /// Returns the id that the next snapshot will have.
  long nextId() throws SQLException {
    return number("SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'snapshots'");
  }

  /// Makes an active snapshot committed under `name`, its labels replaced.
  ///
  /// @throws SnapshotException if the name is taken: ALREADY_EXISTS
  void commit(Snapshot active, String name, Map<String, String> labels, Usage usage, Instant now)
      throws SQLException, SnapshotException {
    if (find(name).isPresent()) {
      throw SnapshotException.alreadyExists(name);
    }
    statements.run(
        "UPDATE snapshots SET name = ?, kind = ?, created = ?, updated = ?, size = ?, inodes = ? WHERE id = ?",
        name,
        SnapshotKind.COMMITTED.name(),
        nanos(now),
        nanos(now),
        usage.size(),
        usage.inodes(),
        active.id());
    replaceLabels(active, labels);
  }

  /// Replaces the labels and the time of the last change.
  void relabel(Snapshot snapshot, Map<String, String> labels, Instant now) throws SQLException {
    statements.run("UPDATE snapshots SET updated = ? WHERE id = ?", nanos(now), snapshot.id());
    replaceLabels(snapshot, labels);
  }

  /// Says anew where the files of a snapshot are.
  void setContent(Snapshot snapshot, Content content) throws SQLException {
    statements.run("DELETE FROM layers WHERE snapshot = ?", snapshot.id());
    insertContent(snapshot.id(), content);
  }

  private void insertContent(long snapshot, Content content) throws SQLException {
    switch (content) {
      case Content.Ordinary() -> {}
      case Content.Remote(LayerRequest layer) ->
          statements.run(
              "INSERT INTO layers (snapshot, image, digest, toc_digest, verification) VALUES (?, ?, ?, ?, ?)",
              snapshot,
              layer.image(),
              layer.layer().toString(),
              layer.tocDigest().map(Digest::toString).orElse(""),
              layer.verification().name());
    }
  }

  /// Forgets a snapshot. It must not have children: the foreign key refuses.
  void delete(Snapshot snapshot) throws SQLException {
    statements.run("DELETE FROM snapshots WHERE id = ?", snapshot.id());
  }

  private void replaceLabels(Snapshot snapshot, Map<String, String> labels) throws SQLException {
    statements.run("DELETE FROM labels WHERE snapshot = ?", snapshot.id());
    insertLabels(snapshot.id(), labels);
  }

  // An empty value means "no such label", as in containerd's own store.
  private void insertLabels(long snapshot, Map<String, String> labels) throws SQLException {
    for (Map.Entry<String, String> label : labels.entrySet()) {
      if (!label.getValue().isEmpty()) {
        statements.run(
            "INSERT INTO labels (snapshot, name, value) VALUES (?, ?, ?)",
            snapshot,
            label.getKey(),
            label.getValue());
      }
    }
  }

  private List<Snapshot> select(String sql, Object... arguments) throws SQLException {
    List<Snapshot> found = new ArrayList<>();
    try (Statements.Use statement = statements.use(sql, arguments);
        ResultSet row = statement.query()) {
      while (row.next()) {
        found.add(snapshot(row, labels(row.getLong(1))));
      }
    }
    return found;
  }

  private Map<String, String> labels(long id) throws SQLException {
    Map<String, String> labels = new HashMap<>();
    try (Statements.Use statement =
            statements.use("SELECT name, value FROM labels WHERE snapshot = ?", id);
        ResultSet row = statement.query()) {
      while (row.next()) {
        labels.put(row.getString(1), row.getString(2));
      }
    }
    return labels;
  }

  private static Snapshot snapshot(ResultSet row, Map<String, String> labels) throws SQLException {
    return new Snapshot(
        row.getLong(1),
        row.getString(2),
        row.getString(3),
        SnapshotKind.valueOf(row.getString(4)),
        instant(row.getLong(5)),
        instant(row.getLong(6)),
        labels,
        new Usage(row.getLong(7), row.getLong(8)),
        content(row, labels));
  }

  private static Content content(ResultSet row, Map<String, String> labels) throws SQLException {
    Optional<String> image = Optional.ofNullable(row.getString(9));
    if (image.isEmpty()) {
      return new Content.Ordinary();
    }
    return new Content.Remote(
        new LayerRequest(
                image.get(),
                Digest.parse(row.getString(10)),
                Digest.find(row.getString(11)),
                LayerRequest.Verification.valueOf(row.getString(12)))
            .withOutages(RemoteLabels.outages(labels))
            .withWhole(RemoteLabels.isWhole(labels)));
  }

  private static long nanos(Instant time) {
    return Math.addExact(TimeUnit.SECONDS.toNanos(time.getEpochSecond()), (long) time.getNano());
  }

  private static Instant instant(long nanos) {
    return Instant.ofEpochSecond(0, nanos);
  }
}
