package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// Whether the server as it is set up can serve a replication slot more.
final class ServerCheck {
  private ServerCheck() {}

  /// Adds what stands in the way, each with its remedy.
  static void of(Connection connection, String slot, List<String> problems) throws SQLException {
    var sql =
        """
        SELECT current_setting('wal_level'), pg_is_in_recovery(),
               current_setting('max_replication_slots')::int,
               (SELECT count(*) FROM pg_replication_slots),
               current_setting('max_wal_senders')::int,
               (SELECT count(*) FROM pg_stat_replication),
               EXISTS (SELECT 1 FROM pg_replication_slots s WHERE s.slot_name = ?),
               EXISTS (SELECT 1 FROM pg_replication_slots s WHERE s.slot_name = ? AND s.active)
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, slot);
      statement.setString(2, slot);
      try (var rows = statement.executeQuery()) {
        rows.next();
        if (!rows.getString(1).equals("logical")) {
          problems.add(
              "wal_level is "
                  + rows.getString(1)
                  + "; run ALTER SYSTEM SET wal_level = 'logical'; and restart the server.");
        }
        if (rows.getBoolean(2)) {
          problems.add("The server is a standby; name its primary.");
        }
        var ours = rows.getBoolean(7);
        room("max_replication_slots", rows.getInt(3), ours ? 0 : rows.getInt(4), problems);
        var serves = rows.getBoolean(8);
        room("max_wal_senders", rows.getInt(5), serves ? 0 : rows.getInt(6), problems);
      }
    }
  }

  private static void room(String setting, int most, int used, List<String> problems) {
    if (used >= most) {
      problems.add(
          setting
              + " is "
              + most
              + " and all are in use; run ALTER SYSTEM SET "
              + setting
              + " = "
              + (Math.max(most, used) + 5)
              + "; and restart the server.");
    }
  }
}
