package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.sqlite.SQLiteConfig;

/// The lazy layers of one image, as the snapshots tell. Immutable.
///
/// containerd asks for a layer once, in the name of the image that it pulls then. So an image is
/// here if its topmost lazy layer is, and has all layers below that one, whatever image brought
/// them. An image that brought no topmost layer of its own (a second tag, a base that came with an
/// image built on it) is not known here.
///
/// @param image the reference it was pulled by
/// @param layers lowest first, none twice
public record ImageLayers(String image, List<Digest> layers) {
  private static final int BUSY_TIMEOUT = 5000; // milliseconds

  /// Copies the list.
  public ImageLayers {
    layers = List.copyOf(layers);
  }

  /// Reads the images of a root, by name, while a daemon works or not; changes nothing.
  ///
  /// @param root the daemon's; an empty list if no snapshots were ever kept there
  /// @throws IOException if the metadata cannot be read
  public static List<ImageLayers> read(Path root) throws IOException {
    Path file = root.resolve("metadata.db");
    if (!Files.exists(file)) {
      return List.of();
    }
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    config.setBusyTimeout(BUSY_TIMEOUT);
    try (Connection connection = config.createConnection("jdbc:sqlite:" + uri(file))) {
      return images(connection);
    } catch (SQLException e) {
      throw new IOException("the snapshot metadata in %s cannot be read".formatted(file), e);
    }
  }

  /// Where nobody has the database open there is no write-ahead log, and reading must not make one.
  static String uri(Path file) {
    String uri = file.toAbsolutePath().toUri().toString();
    return Files.exists(file.resolveSibling(file.getFileName() + "-wal"))
        ? uri
        : uri + "?immutable=1";
  }

  /// One snapshot, as far as it matters here.
  ///
  /// @param parent its number, 0 for none
  /// @param layer empty where the snapshot is an ordinary one
  /// @param following digests of the image's layers from this one on; empty if the client does not
  ///   say
  private record Row(long parent, Optional<Digest> layer, String image, String following) {
    boolean isLast() {
      return layer.isPresent() && following.equals(layer.get().toString());
    }
  }

  private static List<ImageLayers> images(Connection connection) throws SQLException {
    Map<Long, Row> rows = rows(connection);
    Set<Long> belowOthers = new HashSet<>();
    rows.values().stream()
        .filter(row -> row.layer().isPresent())
        .forEach(row -> belowOthers.add(row.parent()));
    Map<String, LinkedHashSet<Digest>> images = new TreeMap<>();
    rows.forEach((id, row) -> {
      if (row.layer().isPresent() && (row.isLast() || !belowOthers.contains(id))) {
        images.computeIfAbsent(row.image(), _ -> new LinkedHashSet<>()).addAll(upTo(row, rows));
      }
    });
    return images.entrySet().stream()
        .map(entry -> new ImageLayers(entry.getKey(), List.copyOf(entry.getValue())))
        .toList();
  }

  /// Returns all snapshots, parents before their children.
  private static Map<Long, Row> rows(Connection connection) throws SQLException {
    Map<Long, Row> rows = new LinkedHashMap<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            SELECT s.id, coalesce(s.parent, 0), coalesce(l.digest, ''), coalesce(l.image, ''),
                   coalesce((SELECT value FROM labels WHERE snapshot = s.id AND name IN (?, ?)), '')
              FROM snapshots s LEFT JOIN layers l ON l.snapshot = s.id
             ORDER BY s.id
            """)) {
      statement.setString(1, RemoteLabels.CRI_LAYERS);
      statement.setString(2, RemoteLabels.STARGZ_LAYERS);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          rows.put(
              row.getLong(1),
              new Row(
                  row.getLong(2),
                  Digest.find(row.getString(3)),
                  row.getString(4),
                  row.getString(5)));
        }
      }
    }
    return rows;
  }

  /// Returns a snapshot's layer and those below it, lowest first.
  private static List<Digest> upTo(Row top, Map<Long, Row> rows) {
    List<Digest> layers = new ArrayList<>();
    Optional<Row> row = Optional.of(top);
    for (int depth = 0; row.isPresent() && depth <= rows.size(); depth++) {
      row.get().layer().ifPresent(layers::add);
      row = Optional.ofNullable(rows.get(row.get().parent()));
    }
    Collections.reverse(layers);
    return layers;
  }
}
