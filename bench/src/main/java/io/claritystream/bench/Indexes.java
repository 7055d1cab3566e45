package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What tables and indexes cost a load: their size, and their share of what PostgreSQL wrote to its
/// log, read back from the log itself.
final class Indexes {
  private static final int SHOWN = 30;

  /// As much of the log as can be read back in seconds.
  private static final String LOG_READ_MAX = "96 MB";

  private static final String COSTS =
      """
      WITH looked AS (
        SELECT ?::pg_lsn AS low,
          least(?::pg_lsn, ?::pg_lsn + pg_size_bytes(?)::numeric, pg_current_wal_flush_lsn()) AS high
      ), written AS (
        SELECT w.relfilenode,
          sum(w.block_data_length + coalesce(w.block_fpi_length, 0))::bigint AS bytes,
          count(*) AS records
        FROM looked, LATERAL pg_get_wal_block_info(looked.low, looked.high, false) w
        WHERE w.reldatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        GROUP BY w.relfilenode
      )
      SELECT n.nspname || '.' || c.relname AS name, c.relkind = 'i' AS index,
        pg_relation_size(c.oid) AS size, coalesce(written.bytes, 0) AS bytes,
        coalesce(written.records, 0) AS records,
        coalesce(written.bytes, 0) / greatest(sum(written.bytes) OVER (), 1) AS share
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN written ON written.relfilenode = pg_relation_filenode(c.oid)
      WHERE c.relkind IN ('r', 'i', 't') AND n.nspname IN ('bronze', 'analytics', 'control', 'pg_toast')
        AND (written.bytes > 0 OR n.nspname <> 'pg_toast' AND pg_relation_size(c.oid) > 65536)
      ORDER BY coalesce(written.bytes, 0) DESC, pg_relation_size(c.oid) DESC
      """;

  private Indexes() {}

  static String position(Connection superuser) throws SQLException {
    return String.valueOf(Sql.text(superuser, "SELECT pg_current_wal_flush_lsn()::text"));
  }

  /// @param from where the log stood when measuring began
  /// @param to and when it ended
  static void print(Connection superuser, String from, String to, Report report)
      throws SQLException {
    Sql.run(superuser, "CREATE EXTENSION IF NOT EXISTS pg_walinspect");
    List<List<String>> rows = new ArrayList<>();
    double indexes = 0;
    long indexBytes = 0;
    try (PreparedStatement statement = superuser.prepareStatement(COSTS)) {
      statement.setString(1, from);
      statement.setString(2, to);
      statement.setString(3, from);
      statement.setString(4, LOG_READ_MAX);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          boolean index = row.getBoolean("index");
          indexes += index ? row.getDouble("share") : 0;
          indexBytes += index ? row.getLong("size") : 0;
          if (rows.size() < SHOWN) {
            rows.add(
                List.of(
                    row.getString("name"),
                    index ? "index" : "table",
                    Report.number(row.getLong("size") / 1e6, 1),
                    Report.number(100 * row.getDouble("share"), 1),
                    Report.number(row.getLong("records"), 0)));
          }
        }
      }
    }
    report.figure("index_wal_share", indexes).figure("index_mb", indexBytes / 1e6);
    report.table(
        String.format(
            Locale.ROOT,
            "What is written: indexes are %.0f MB, and %.0f %% of the log",
            indexBytes / 1e6,
            100 * indexes),
        List.of("relation", "kind", "MB", "% of the log", "records"),
        rows);
  }
}
