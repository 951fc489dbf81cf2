package dev.asterism.snapshotter;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/// A connection, in autocommit mode, and the statements that it has compiled: SQLite spends more on
/// reading a short statement than on carrying it out.
///
/// Holds as many as there are texts, and uses of one at a time; texts are the program's, never made
/// of what callers say. Confined to one thread at a time.
final class Statements implements AutoCloseable {
  private final Connection connection;
  private final Map<String, Deque<PreparedStatement>> idle = new HashMap<>();

  /// @param connection closed with this
  Statements(Connection connection) {
    this.connection = connection;
  }

  /// A statement with its arguments. Closed, it is kept for the next use.
  final class Use implements AutoCloseable {
    private final String sql;
    private final PreparedStatement statement;

    private Use(String sql, PreparedStatement statement) {
      this.sql = sql;
      this.statement = statement;
    }

    /// Returns the rows. The caller closes them, before this.
    ResultSet query() throws SQLException {
      return statement.executeQuery();
    }

    @Override
    public void close() {
      idle.computeIfAbsent(sql, _ -> new ArrayDeque<>()).push(statement);
    }
  }

  /// Returns a statement that is ready to be carried out.
  ///
  /// @param arguments bound to the question marks, in their order
  Use use(String sql, Object... arguments) throws SQLException {
    Deque<PreparedStatement> free = idle.getOrDefault(sql, new ArrayDeque<>());
    PreparedStatement statement = free.isEmpty() ? connection.prepareStatement(sql) : free.pop();
    try {
      for (int i = 0; i < arguments.length; i++) {
        statement.setObject(i + 1, arguments[i]);
      }
      return new Use(sql, statement);
    } catch (SQLException | RuntimeException e) {
      statement.close();
      throw e;
    }
  }

  /// Carries out a statement that gives no rows.
  void run(String sql, Object... arguments) throws SQLException {
    try (Use use = use(sql, arguments)) {
      use.statement.executeUpdate();
    }
  }

  /// Closes the connection too. May be called twice.
  @Override
  public void close() throws SQLException {
    try (Connection _ = connection) {
      for (Deque<PreparedStatement> each : idle.values()) {
        for (PreparedStatement statement : each) {
          statement.close();
        }
      }
      idle.clear();
    }
  }
}
