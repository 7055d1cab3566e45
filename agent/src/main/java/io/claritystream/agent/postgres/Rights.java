package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;

/// What the user may do in the database besides reading, and whose our publications are.
///
/// @param replicates whether it may use replication slots
/// @param creates whether it may create a publication
/// @param full how the publication of tables whose rows can be told apart stands
/// @param inserts how the publication of the others stands
record Rights(
    String user, String database, boolean replicates, boolean creates, Held full, Held inserts) {
  /// Whose a publication is.
  enum Held {
    MISSING,
    /// The user's, who may change it.
    OWN,
    /// Made by somebody else for us: to be taken as it is.
    ANOTHERS
  }

  static Rights read(Connection connection, Publications ours) throws SQLException {
    var sql =
        """
        SELECT current_user::text, current_database()::text, r.rolreplication OR r.rolsuper,
               has_database_privilege(current_user, current_database(), 'CREATE'),
               (SELECT pg_has_role(current_user, p.pubowner, 'USAGE')
                FROM pg_publication p WHERE p.pubname = ?),
               (SELECT pg_has_role(current_user, p.pubowner, 'USAGE')
                FROM pg_publication p WHERE p.pubname = ?)
        FROM pg_roles r WHERE r.rolname = current_user
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, ours.full());
      statement.setString(2, ours.inserts());
      try (var rows = statement.executeQuery()) {
        rows.next();
        return new Rights(
            rows.getString(1),
            rows.getString(2),
            rows.getBoolean(3),
            rows.getBoolean(4),
            held(rows.getObject(5, Boolean.class)),
            held(rows.getObject(6, Boolean.class)));
      }
    }
  }

  private static Held held(@org.jspecify.annotations.Nullable Boolean own) {
    return own == null ? Held.MISSING : own ? Held.OWN : Held.ANOTHERS;
  }

  boolean someMissing() {
    return full == Held.MISSING || inserts == Held.MISSING;
  }

  boolean someAnothers() {
    return full == Held.ANOTHERS || inserts == Held.ANOTHERS;
  }

  /// Whether capture can publish the table itself, or somebody else has done so.
  boolean publishes(Catalog.Candidate table) {
    return table.published()
        || table.owned() && (table.identified() ? full : inserts) != Held.ANOTHERS;
  }

  String userQuoted() {
    return TableName.quote(user);
  }
}
