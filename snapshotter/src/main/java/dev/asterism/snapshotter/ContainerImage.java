package dev.asterism.snapshotter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import org.sqlite.SQLiteConfig;

/// Which image a container's snapshot stands on. Stateless.
public final class ContainerImage {
  private static final int BUSY_TIMEOUT = 5000; // milliseconds
  private static final int MAX_DEPTH = 1024; // snapshots

  private ContainerImage() {}

  /// Returns the image of the topmost lazy layer below a container's snapshot; empty where there is
  /// no such snapshot, or no lazy layer.
  ///
  /// @param root the daemon's
  /// @param container the key of its snapshot, which clients of containerd name after it: with or
  ///   without containerd's `NAMESPACE/NUMBER/` before it
  /// @throws IOException if the metadata cannot be read
  public static Optional<String> find(Path root, String container) throws IOException {
    Path file = root.resolve("metadata.db");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    SQLiteConfig config = new SQLiteConfig();
    config.setReadOnly(true);
    config.setBusyTimeout(BUSY_TIMEOUT);
    try (Connection connection = config.createConnection("jdbc:sqlite:" + ImageLayers.uri(file))) {
      return find(connection, container);
    } catch (SQLException e) {
      throw new IOException("the snapshot metadata in %s cannot be read".formatted(file), e);
    }
  }

  /// The last made of several of one name, in different namespaces, counts.
  private static Optional<String> find(Connection connection, String container)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            WITH RECURSIVE below(id, parent, depth) AS (
              SELECT * FROM (
                SELECT id, parent, 0 FROM snapshots
                 WHERE name = ?1 OR substr(name, -length('/' || ?1)) = '/' || ?1
                 ORDER BY id DESC LIMIT 1)
              UNION ALL
              SELECT s.id, s.parent, b.depth + 1
                FROM snapshots s JOIN below b ON s.id = b.parent
               WHERE b.depth < ?2)
            SELECT l.image FROM below b JOIN layers l ON l.snapshot = b.id
             ORDER BY b.depth LIMIT 1
            """)) {
      statement.setString(1, container);
      statement.setInt(2, MAX_DEPTH);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }
}
