package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/// Which transactions a snapshot of the database sees, as `txid_current_snapshot()` says it.
///
/// @param first all before this one have ended
/// @param next none from here on had ended
/// @param running those between that had not ended
record Visible(long first, long next, Set<Long> running) {
  Visible {
    running = Set.copyOf(running);
  }

  /// In a transaction that repeats its reads: what all of its statements see. Otherwise now.
  static Visible read(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT txid_current_snapshot()::text")) {
      rows.next();
      return parse(rows.getString(1));
    }
  }

  /// A number that is given to a transaction of its own: all that run and have written have a lower
  /// one, all that write first from now on a higher one.
  static long assign(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows = statement.executeQuery("SELECT txid_current()")) {
      rows.next();
      return rows.getLong(1);
    }
  }

  static Visible parse(String text) {
    var parts = text.split(":", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("no snapshot of transactions: " + text);
    }
    return new Visible(
        Long.parseLong(parts[0]),
        Long.parseLong(parts[1]),
        parts[2].isEmpty()
            ? Set.of()
            : Arrays.stream(parts[2].split(",")).map(Long::valueOf).collect(Collectors.toSet()));
  }

  /// As [#parse(String)] reads it.
  String text() {
    return first
        + ":"
        + next
        + ":"
        + running.stream().sorted().map(Object::toString).collect(Collectors.joining(","));
  }

  /// @param xid as the log writes it, in 32 bits: the transaction of that number nearest to ours
  boolean sees(long xid) {
    var whole = next + (int) (xid - next);
    return whole < first || whole < next && !running.contains(whole);
  }
}
