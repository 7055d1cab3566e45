package io.claritystream.agent.postgres;

import io.claritystream.protocol.block.Lsn;
import io.claritystream.protocol.link.GapCause;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Whether the source's log and our slot go on where what was captured ends. The positions tell: a
/// slot made anew begins behind the log's end of that moment, because making one writes to the log,
/// and so never at or before what was captured.
final class Continuity {
  private Continuity() {}

  /// The line of history that the log is written on: a promotion or a recovery to a point in time
  /// begins the next one.
  static int timeline(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var rows =
            statement.executeQuery(
                """
                SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
                """)) {
      rows.next();
      return rows.getInt(1);
    }
  }

  /// @param known up to where the log was captured
  /// @param timeline the one that was captured; 0 if that is not known
  /// @return what is missing, or null if nothing is
  static CaptureEnd.@Nullable Missing missing(
      Connection connection, Database database, String name, long known, int timeline)
      throws SQLException {
    var written = Slot.written(connection);
    var slot = Slot.read(connection, name);
    var now = timeline(connection);
    var parted = timeline == 0 || timeline == now ? null : parted(database, timeline, now);
    if (parted != null && Long.compareUnsigned(parted, known) < 0) {
      return new CaptureEnd.Missing(
          GapCause.LOG_DIVERGED,
          "the database left the history that was captured at "
              + Lsn.text(parted)
              + ", and was captured up to "
              + Lsn.text(known)
              + ": it was restored from a backup, or a standby took over that lacked the rest",
          parted,
          0);
    }
    if (Long.compareUnsigned(known, written) > 0) {
      var sure =
          slot != null && Long.compareUnsigned(slot.confirmed(), written) < 0
              ? slot.confirmed()
              : written;
      return new CaptureEnd.Missing(
          GapCause.LOG_DIVERGED,
          "the database's log ends at "
              + Lsn.text(written)
              + " and was captured up to "
              + Lsn.text(known)
              + " already: it was restored from a backup, or lost what it had written",
          sure,
          0);
    }
    if (slot == null) {
      return new CaptureEnd.Missing(
          GapCause.SLOT_DROPPED, "the replication slot " + name + " is gone", known, 0);
    }
    return missing(slot, name, known);
  }

  /// As far as the slot itself tells.
  static CaptureEnd.@Nullable Missing missing(Slot slot, String name, long known) {
    if (slot.lost()) {
      return new CaptureEnd.Missing(
          GapCause.SLOT_INVALIDATED,
          "the server gave up the log that slot " + name + " needed",
          known,
          0);
    }
    if (slot.anothers()) {
      return new CaptureEnd.Missing(
          GapCause.SLOT_MOVED,
          "the replication slot " + name + " was dropped and made again as another one",
          known,
          0);
    }
    if (Long.compareUnsigned(known, slot.confirmed()) < 0) {
      return new CaptureEnd.Missing(
          GapCause.SLOT_MOVED,
          "the replication slot "
              + name
              + " stands at "
              + Lsn.text(slot.confirmed())
              + " and was captured up to "
              + Lsn.text(known)
              + ": somebody moved it on, or dropped it and made it again, or put the agent's directory"
              + " back from a copy",
          known,
          slot.confirmed());
    }
    return null;
  }

  /// Where the history of `before` was left on the way to `now`.
  private static @Nullable Long parted(Database database, int before, int now) throws SQLException {
    if (now < before) {
      // Timelines only count up: this is an older history, and nothing says since when.
      return 0L;
    }
    try (var replication = database.connectForReplication();
        var statement = replication.createStatement();
        var rows = statement.executeQuery("TIMELINE_HISTORY " + now)) {
      if (!rows.next()) {
        return null;
      }
      var history = new String(rows.getBytes(2), StandardCharsets.UTF_8);
      for (var line : history.lines().toList()) {
        var words = line.strip().split("\\s+");
        if (words.length >= 2 && words[0].equals(Integer.toString(before))) {
          return Lsn.parse(words[1]);
        }
      }
      // A history that never had ours.
      return 0L;
    }
  }
}
