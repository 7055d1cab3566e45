package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/// A replication slot as the server has it.
///
/// @param activePid who uses it, 0 if nobody does
/// @param confirmed what we said was safe
/// @param held how many bytes of log it holds back
/// @param lost whether the server gave up what the slot needs
/// @param anothers whether it is of another kind or database than ours: somebody else made it
record Slot(int activePid, long confirmed, long held, boolean lost, boolean anothers) {
  /// The driver would also report by itself, and would then take a message that is cut by its
  /// time-out for whole: it must never come to that.
  private static final int DRIVER_STATUS_MS = 24 * 60 * 60 * 1000;

  static @Nullable Slot read(Connection connection, String name) throws SQLException {
    var sql =
        """
        SELECT coalesce(s.active_pid, 0), coalesce(s.confirmed_flush_lsn - '0/0', 0)::text,
               greatest(pg_current_wal_lsn() - s.restart_lsn, 0)::text,
               coalesce(to_jsonb(s) ->> 'wal_status' = 'lost', false)
                 OR s.restart_lsn IS NULL,
               s.plugin IS DISTINCT FROM 'pgoutput' OR s.database IS DISTINCT FROM current_database()
        FROM pg_replication_slots s
        WHERE s.slot_name = ?
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, name);
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        return new Slot(
            rows.getInt(1),
            Long.parseUnsignedLong(rows.getString(2)),
            rows.getString(3) == null ? 0 : Long.parseLong(rows.getString(3)),
            rows.getBoolean(4),
            rows.getBoolean(5));
      }
    }
  }

  /// Where the server's log ends.
  static long written(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT (pg_current_wal_lsn() - '0/0')::text")) {
      rows.next();
      return Long.parseUnsignedLong(rows.getString(1));
    }
  }

  /// Behind the last record that was put into the log, whether or not it is on disk yet.
  static long inserted(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT (pg_current_wal_insert_lsn() - '0/0')::text")) {
      rows.next();
      return Long.parseUnsignedLong(rows.getString(1));
    }
  }

  /// The changes that the slot holds behind a position, as these publications tell them. The one
  /// who reads says by itself how far it has come.
  static PGReplicationStream stream(
      Connection replication, String name, Publications publications, long from)
      throws SQLException {
    return replication
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(name)
        .withStartPosition(LogSequenceNumber.valueOf(from))
        .withSlotOption("proto_version", 1)
        .withSlotOption("publication_names", publications.names())
        .withStatusInterval(DRIVER_STATUS_MS, TimeUnit.MILLISECONDS)
        .withAutomaticFlush(false)
        .start();
  }

  static void drop(Connection connection, String name) throws SQLException {
    var sql =
        """
        SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ?
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, name);
      statement.execute();
    }
  }

  static void terminate(Connection connection, int pid) throws SQLException {
    try (var statement = connection.prepareStatement("SELECT pg_terminate_backend(?)")) {
      statement.setInt(1, pid);
      statement.execute();
    }
  }
}
