package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A transaction of the customer's that a table's reading waits for.
///
/// @param pid the server's process that it runs in; 0 if it is prepared and in none
/// @param prepared the name that it was prepared under; null if it was not
/// @param seconds since it began; -1 if our user may not know that
record Awaited(int pid, @Nullable String prepared, long seconds) {
  /// @param xid as [Visible] numbers it
  /// @return null if it has ended
  static @Nullable Awaited read(Connection connection, long xid) throws SQLException {
    // The lock that a transaction holds on its own number: all may see it, whoever runs it.
    var sql =
        """
        SELECT coalesce(l.pid, 0), p.gid,
               coalesce(
                 extract(epoch FROM clock_timestamp() - coalesce(p.prepared, a.xact_start)), -1)
                 ::bigint
        FROM pg_locks l
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        LEFT JOIN pg_prepared_xacts p ON p.transaction = l.transactionid
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
          AND l.transactionid = ?::text::xid
        """;
    try (var statement = connection.prepareStatement(sql)) {
      statement.setString(1, Long.toString(xid & 0xffff_ffffL));
      try (var rows = statement.executeQuery()) {
        return rows.next() ? new Awaited(rows.getInt(1), rows.getString(2), rows.getLong(3)) : null;
      }
    }
  }

  /// For people.
  ///
  /// @param waitedS how long it was waited for
  String words(long waitedS) {
    var since =
        seconds < 0
            ? ", which runs for more than " + time(waitedS)
            : ", which runs for " + time(seconds);
    return prepared != null
        ? "the prepared transaction " + prepared + since
        : "the transaction of process " + pid + " of the database" + since;
  }

  private static String time(long seconds) {
    var duration = Duration.ofSeconds(seconds);
    return seconds < 120
        ? seconds + " s"
        : seconds < 7_200 ? duration.toMinutes() + " min" : duration.toHours() + " h";
  }
}
