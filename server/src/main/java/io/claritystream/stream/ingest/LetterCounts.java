package io.claritystream.stream.ingest;

import io.claritystream.stream.deadletter.DeadLetterRetention;
import io.claritystream.stream.deadletter.DeadLetters;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// How many letters a source has, as far as is known: those that were added since they were counted
/// are, but nobody tells of those that were settled, dismissed or dropped. So they are counted
/// again once there was no room for one, though not for each batch.
final class LetterCounts {
  /// Of a source, whatever became of them. Those beyond the half are dropped by night, so that a
  /// row which is mended and fails again all the time fills no more than that until then.
  static final int ALL_MAX = 2 * DeadLetterRetention.LETTERS_MAX;

  static final Duration READ_AGAIN_AFTER = Duration.ofSeconds(10);

  private final Map<String, Integer> open = new HashMap<>();
  private int all;
  private Instant readAt;
  private boolean foundNoRoom;

  LetterCounts(DeadLetters.Counts counts, Instant now) {
    open.putAll(counts.open());
    all = counts.all();
    readAt = now;
  }

  /// Whether a table may have one more letter of its own, or the source one more range.
  ///
  /// @param more what the transaction adds already, by table
  boolean hasRoom(String table, Map<String, Integer> more) {
    var added = more.values().stream().mapToInt(Integer::intValue).sum();
    var room =
        open.getOrDefault(table, 0) + more.getOrDefault(table, 0) < FoundNow.LETTERS_OF_TABLE_MAX
            && all + added < ALL_MAX;
    foundNoRoom |= !room;
    return room;
  }

  /// True if there are enough of the table now, and were not before.
  boolean added(String table, int count) {
    all += count;
    var now = open.merge(table, count, Integer::sum);
    return now >= FoundNow.LETTERS_OF_TABLE_MAX && now - count < FoundNow.LETTERS_OF_TABLE_MAX;
  }

  /// Counts again if there was no room, in a transaction that has added none yet.
  void readAgain(Connection connection, DeadLetters letters, UUID sourceId, Instant now)
      throws SQLException {
    if (!foundNoRoom || now.isBefore(readAt.plus(READ_AGAIN_AFTER))) {
      return;
    }
    var counts = letters.counts(connection, sourceId, null);
    open.clear();
    open.putAll(counts.open());
    all = counts.all();
    readAt = now;
    foundNoRoom = false;
  }
}
