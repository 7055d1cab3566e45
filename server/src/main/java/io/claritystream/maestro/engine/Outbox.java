package io.claritystream.maestro.engine;

import java.sql.Connection;
import java.sql.SQLException;

/// Puts what others are to be told into the outbox.
final class Outbox {
  private static final String ADD =
      "INSERT INTO maestro.execution_outbox (node_id, events) VALUES (?, ?)";

  private Outbox() {}

  static void add(Connection connection, int node, byte[] events) throws SQLException {
    try (var add = connection.prepareStatement(ADD)) {
      new Arrays(connection, add).number(node).bytes(events);
      add.executeUpdate();
    }
  }
}
