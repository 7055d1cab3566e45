package io.claritystream.base.db;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/// Two tenants of one database, with a row each in every table that has rows of tenants, and one
/// row in every other.
final class TwoTenants {

  static final String OURS = Relation.id(1);
  static final String THEIRS = Relation.id(2);

  /// What the database numbers from then on is nothing of these two.
  private static final int NUMBERS_BEGIN = 1_000;

  private TwoTenants() {}

  /// @param superuser without foreign keys (`session_replication_role`): whose row it is counts
  ///     here, not what it belongs to
  static List<Relation> fill(Connection superuser) throws SQLException {
    try (Statement statement = superuser.createStatement()) {
      statement.execute(
          "SELECT bronze.create_day(date '%1$s'), maestro.create_day(date '%1$s')"
              .formatted(Relation.DAY));
      List<Relation> relations = Relation.all(superuser);
      for (Relation relation : relations) {
        // Rows reach the days by way of their tables.
        if (!relation.view() && !relation.ofDays()) {
          fill(statement, relation);
        }
      }
      for (String sequence : sequences(superuser)) {
        statement.execute("SELECT setval('" + sequence + "', " + NUMBERS_BEGIN + ")");
      }
      return relations;
    }
  }

  private static void fill(Statement statement, Relation relation) throws SQLException {
    for (int number = 1; number <= 2; number++) {
      int rows = rows(statement, relation, number);
      boolean filled = relation.hasTenant() ? rows > 0 : rows >= number;
      boolean shared =
          Rights.stated().of(relation.name()).kind() == Rights.Kind.SHARED && number == 2;
      if (!filled && !shared) {
        statement.execute(
            Relation.insert(
                relation.name(), relation.numberedRow(number), " OVERRIDING SYSTEM VALUE"));
      }
    }
  }

  private static int rows(Statement statement, Relation relation, int number) throws SQLException {
    String whose = relation.hasTenant() ? " WHERE tenant_id = '" + Relation.id(number) + "'" : "";
    try (ResultSet row =
        statement.executeQuery("SELECT count(*) FROM " + relation.name() + whose)) {
      row.next();
      return row.getInt(1);
    }
  }

  static List<String> sequences(Connection superuser) throws SQLException {
    return Catalogue.strings(
        superuser,
        """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY 1
        """);
  }
}
