package dev.asterism.snapshotter;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/// Snapshot metadata in one SQLite file.
///
/// What [#transact] returned from is on the disk (`synchronous=FULL`); what it threw from has left
/// no trace. Transactions that meet are committed together ([GroupCommit]): a disk that needs ten
/// milliseconds for a commit needs them once for all who wait. [#read] sees what is committed, on a
/// connection of its own, and waits for no disk.
///
/// Thread-safe. Work inside a transaction is short and local: no network, no mount.
final class MetadataStore implements AutoCloseable {
  private static final int SCHEMA_VERSION = 1;

  /// Pages of 4 KiB in the write-ahead log before they are taken over: it keeps its largest size,
  /// which with SQLite's own 1,000 is more than all the metadata of a usual node.
  private static final int LOG_PAGES = 256;

  private static final List<String> SCHEMA =
      List.of(
          """
          CREATE TABLE snapshots (
            id      INTEGER PRIMARY KEY AUTOINCREMENT,
            name    TEXT    NOT NULL UNIQUE,
            parent  INTEGER REFERENCES snapshots (id),
            kind    TEXT    NOT NULL,
            created INTEGER NOT NULL, -- nanoseconds since 1970
            updated INTEGER NOT NULL,
            size    INTEGER NOT NULL, -- bytes
            inodes  INTEGER NOT NULL
          ) STRICT
          """,
          "CREATE INDEX snapshots_parent ON snapshots (parent)",
          """
          CREATE TABLE labels (
            snapshot INTEGER NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
            name     TEXT    NOT NULL,
            value    TEXT    NOT NULL,
            PRIMARY KEY (snapshot, name)
          ) STRICT, WITHOUT ROWID
          """,
          """
          CREATE TABLE layers (
            snapshot     INTEGER PRIMARY KEY REFERENCES snapshots (id) ON DELETE CASCADE,
            image        TEXT NOT NULL,
            digest       TEXT NOT NULL,
            toc_digest   TEXT NOT NULL, -- empty: none
            verification TEXT NOT NULL
          ) STRICT
          """);

  /// What makes searches fast and says nothing: older programs keep them up without knowing them.
  private static final List<String> INDEXES =
      List.of(
          "CREATE INDEX IF NOT EXISTS labels_target ON labels (value) WHERE name = '%s'"
              .formatted(RemoteLabels.TARGET),
          "CREATE INDEX IF NOT EXISTS layers_digest ON layers (digest)");

  private final Path file;
  private final GroupCommit writer;
  private final ReentrantLock reading = new ReentrantLock();

  @GuardedBy("reading")
  private final Statements reader;

  private MetadataStore(Path file, GroupCommit writer, Statements reader) {
    this.file = file;
    this.writer = writer;
    this.reader = reader;
  }

  /// What a transaction does.
  @FunctionalInterface
  interface Work<T> {
    /// Throwing anything rolls everything back.
    T in(Transaction transaction) throws IOException, SQLException;
  }

  /// Opens or creates the file.
  ///
  /// @throws IOException if it cannot be opened, is no database, or was written by a newer version
  static MetadataStore open(Path file) throws IOException {
    try {
      Connection writer = DriverManager.getConnection("jdbc:sqlite:" + file);
      try {
        configure(writer);
        migrate(writer, file);
        index(writer);
        Connection reader = DriverManager.getConnection("jdbc:sqlite:" + file);
        configureReader(reader);
        return new MetadataStore(
            file, new GroupCommit(new Statements(writer)), new Statements(reader));
      } catch (SQLException | IOException | RuntimeException e) {
        writer.close();
        throw e;
      }
    } catch (SQLException e) {
      throw new IOException("%s cannot be opened as snapshot metadata".formatted(file), e);
    }
  }

  /// Loads SQLite's driver and its native library.
  static void preload() {
    try (Connection nothing = DriverManager.getConnection("jdbc:sqlite::memory:");
        Statement statement = nothing.createStatement()) {
      statement.execute("PRAGMA user_version");
    } catch (SQLException _) {
      // whoever opens a file is told
    }
  }

  private static void configure(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      statement.execute("PRAGMA journal_mode = WAL");
      statement.execute("PRAGMA synchronous = FULL");
      statement.execute("PRAGMA wal_autocheckpoint = " + LOG_PAGES);
      statement.execute("PRAGMA foreign_keys = ON");
    }
  }

  private static void configureReader(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = 5000");
      statement.execute("PRAGMA query_only = ON");
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private static void index(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String each : INDEXES) {
        statement.execute(each);
      }
    }
  }

  private static void migrate(Connection connection, Path file) throws SQLException, IOException {
    int version = version(connection);
    if (version > SCHEMA_VERSION) {
      throw new IOException(
          "%s has schema version %d, made by a newer program; this one reads up to %d"
              .formatted(file, version, SCHEMA_VERSION));
    }
    if (version == SCHEMA_VERSION) {
      return;
    }
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      for (String sql : SCHEMA) {
        statement.execute(sql);
      }
      statement.execute("PRAGMA user_version = " + SCHEMA_VERSION);
      connection.commit();
    } finally {
      connection.setAutoCommit(true);
    }
  }

  private static int version(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA user_version")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }

  /// Runs `work` in one transaction that sees and leaves all or nothing. It may run on another
  /// caller's thread.
  ///
  /// @throws IOException as `work`, or if the database fails
  <T> T transact(Work<T> work) throws IOException {
    try {
      return writer.transact(work);
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /// Runs `work`, which changes nothing, on the metadata as it was last committed.
  ///
  /// @throws IOException as `work`, or if the database fails
  <T> T read(Work<T> work) throws IOException {
    reading.lock();
    try {
      reader.run("BEGIN");
      try {
        return work.in(new Transaction(reader));
      } finally {
        reader.run("ROLLBACK");
      }
    } catch (SQLException e) {
      throw failed(e);
    } finally {
      reading.unlock();
    }
  }

  private IOException failed(SQLException cause) {
    return new IOException("the snapshot metadata in %s failed".formatted(file), cause);
  }

  /// Closes the file. May be called twice.
  @Override
  public void close() throws IOException {
    reading.lock();
    try (GroupCommit _ = writer) { // last: it leaves no log behind
      reader.close();
    } catch (SQLException e) {
      throw new IOException("%s cannot be closed".formatted(file), e);
    } finally {
      reading.unlock();
    }
  }
}
