package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// One of our two publications as the catalogue has it.
///
/// @param lacks what its own options leave out, in words; empty if they are as we make them
/// @param allTables whether it was made to publish all tables that there are, and names none
/// @param schemas of which it publishes all tables, whether or not it names them too
/// @param tables those that it names
/// @param entries how it publishes these
record Published(
    String lacks,
    boolean allTables,
    Set<String> schemas,
    Map<Long, TableName> tables,
    Map<Long, Entry> entries) {
  /// The first version that can publish all tables of a schema.
  static final int SCHEMAS_FROM = 150_000;

  /// What [Entry#lacks()] says of a table that is published in part.
  private static final String ROWS = "only some of its rows were published";
  private static final String COLUMNS = "only some of its columns were published";

  /// How a table is published.
  ///
  /// @param number of what the catalogue says of it and of its publication: never the same once it
  ///     was published otherwise, or no more
  /// @param whole whether its updates and deletes are, too
  /// @param lacks what of it is not published, in words; empty if all is that should be
  record Entry(long number, boolean whole, String lacks) {
    /// Whether another number differs by what became of the publication alone.
    boolean isOfSameTable(long other) {
      return (int) number == (int) other;
    }
  }

  /// Those of the two that are there, by name. What later versions added to the catalogue is asked
  /// for by name, so that the earlier ones understand it too.
  static Map<String, Published> read(Connection connection, Publications ours) throws SQLException {
    var sql =
        """
        SELECT p.pubname, p.xmin::text::bigint, p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate,
               to_jsonb(p) ->> 'pubviaroot', to_jsonb(p) ->> 'pubgencols', p.puballtables,
               r.oid, c.oid, n.nspname, c.relname,
               to_jsonb(r) ->> 'prqual' IS NOT NULL, to_jsonb(r) ->> 'prattrs' IS NOT NULL
        FROM pg_publication p
        LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid
        LEFT JOIN pg_class c ON c.oid = r.prrelid
        LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE p.pubname IN (?, ?)
        """;
    var result = new HashMap<String, Published>();
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, ours.full());
      statement.setString(2, ours.inserts());
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          var name = rows.getString(1);
          var publication = result.get(name);
          if (publication == null) {
            var lacks = lacks(rows, name.equals(ours.full()));
            publication =
                new Published(
                    lacks, rows.getBoolean(9), new TreeSet<>(), new HashMap<>(), new HashMap<>());
            result.put(name, publication);
          }
          var oid = rows.getLong(11);
          if (rows.wasNull()) {
            continue;
          }
          publication.tables().put(oid, new TableName(rows.getString(12), rows.getString(13)));
          var lacks =
              rows.getBoolean(14) ? ROWS : rows.getBoolean(15) ? COLUMNS : publication.lacks();
          // Changed options have another transaction's number, a table put in has another of its
          // own.
          var number = rows.getLong(2) << 32 | rows.getLong(10);
          publication.entries().put(oid, new Entry(number, name.equals(ours.full()), lacks));
        }
      }
    }
    schemas(connection, ours, result);
    return result;
  }

  private static void schemas(
      Connection connection, Publications ours, Map<String, Published> result) throws SQLException {
    if (result.isEmpty() || Catalog.serverVersion(connection) < SCHEMAS_FROM) {
      return;
    }
    var sql =
        """
        SELECT p.pubname, n.nspname
        FROM pg_publication p
        JOIN pg_publication_namespace s ON s.pnpubid = p.oid
        JOIN pg_namespace n ON n.oid = s.pnnspid
        WHERE p.pubname IN (?, ?)
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, ours.full());
      statement.setString(2, ours.inserts());
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          var publication = result.get(rows.getString(1));
          if (publication != null) {
            publication.schemas().add(rows.getString(2));
          }
        }
      }
    }
  }

  /// What a publication's own options leave out, or let through that is not to be.
  private static String lacks(ResultSet publication, boolean all) throws SQLException {
    if (!publication.getBoolean(3)
        || publication.getBoolean(4) != all
        || publication.getBoolean(5) != all
        || !publication.getBoolean(6)) {
      return "its publication was made to publish other kinds of changes";
    }
    if ("false".equals(publication.getString(7))) {
      return "its publication was made to publish partitions in place of their tables";
    }
    return "n".equals(publication.getString(8))
        ? "its publication was made to publish no computed columns"
        : "";
  }

  /// Whether it publishes a table even if it does not name it.
  boolean covers(TableName table) {
    return allTables || schemas.contains(table.namespace());
  }

  /// Whether it publishes a table that it names in part, whatever its options are.
  boolean partly(long oid) {
    var entry = entries.get(oid);
    return entry != null && (entry.lacks().equals(ROWS) || entry.lacks().equals(COLUMNS));
  }
}
