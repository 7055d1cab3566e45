package io.claritystream.agent.postgres;

import io.claritystream.agent.postgres.Rights.Held;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The SQL that gives a user what capture lacks, for somebody who may give it.
final class Remedies {
  private Remedies() {}

  /// In the order to run them.
  ///
  /// @param wanted the chosen tables that could be captured if the user were let
  static List<String> of(
      Rights rights, Publications ours, int version, List<Catalog.Candidate> wanted) {
    var user = rights.userQuoted();
    var sql = new ArrayList<String>();
    if (!rights.replicates()) {
      sql.add("ALTER ROLE " + user + " REPLICATION;");
    }
    var schemas =
        wanted.stream()
            .filter(table -> !table.reachable())
            .map(table -> TableName.quote(table.table().namespace()))
            .distinct()
            .collect(Collectors.joining(", "));
    if (!schemas.isEmpty()) {
      sql.add("GRANT USAGE ON SCHEMA " + schemas + " TO " + user + ";");
    }
    var unreadable =
        wanted.stream()
            .filter(table -> !table.selectable())
            .map(table -> table.table().quoted())
            .collect(Collectors.joining(", "));
    if (!unreadable.isEmpty()) {
      sql.add("GRANT SELECT ON " + unreadable + " TO " + user + ";");
    }
    if (wanted.stream().anyMatch(Catalog.Candidate::filtered)) {
      sql.add("ALTER ROLE " + user + " BYPASSRLS;");
    }
    if (wanted.stream().allMatch(rights::publishes)) {
      if (rights.someMissing() && !rights.creates()) {
        sql.add(grantCreate(rights));
      }
      return sql;
    }
    var missing = ours.sql(version, wanted);
    publish(sql, rights.full(), missing.get(0), ours.full(), of(wanted, true));
    publish(sql, rights.inserts(), missing.get(1), ours.inserts(), of(wanted, false));
    return sql;
  }

  /// Who may run one of these statements.
  static String whoRuns(String sql) {
    if (sql.startsWith("ALTER ROLE")) {
      return "a superuser";
    }
    if (sql.startsWith("GRANT USAGE ON SCHEMA")) {
      return "the schema's owner";
    }
    if (sql.startsWith("GRANT SELECT ON")) {
      return "the tables' owner";
    }
    if (sql.startsWith("GRANT CREATE ON DATABASE")) {
      return "the database's owner";
    }
    return sql.startsWith("CREATE PUBLICATION")
        ? "the tables' owner, if it may create in the database"
        : "the publication's owner, if it owns the tables too";
  }

  static String grantCreate(Rights rights) {
    return "GRANT CREATE ON DATABASE "
        + TableName.quote(rights.database())
        + " TO "
        + rights.userQuoted()
        + ";";
  }

  private static List<TableName> of(List<Catalog.Candidate> wanted, boolean identified) {
    return wanted.stream()
        .filter(table -> table.identified() == identified && !table.published())
        .map(Catalog.Candidate::table)
        .toList();
  }

  private static void publish(
      List<String> sql, Held held, String create, String name, List<TableName> more) {
    if (held == Held.MISSING) {
      sql.add(create);
    } else if (!more.isEmpty()) {
      sql.add(Publications.add(name, more) + ";");
    }
  }
}
