package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/// Which database this is, wherever it is reached.
///
/// @param fingerprint the cluster's system identifier and the database's oid: a restored copy of a
///     cluster has the same one, a dropped and re-created database has not
/// @param serverVersion as the server says it
public record SourceIdentity(String fingerprint, String serverVersion) {
  public static SourceIdentity read(Database database) throws SQLException {
    try (var connection = database.connect()) {
      return read(connection);
    }
  }

  static SourceIdentity read(Connection connection) throws SQLException {
    var sql =
        """
        SELECT c.system_identifier::text || '/' || d.oid::text, current_setting('server_version')
        FROM pg_control_system() c, pg_database d
        WHERE d.datname = current_database()
        """;
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      rows.next();
      return new SourceIdentity(rows.getString(1), rows.getString(2));
    }
  }
}
