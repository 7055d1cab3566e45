package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where the minutes of a model lie on the disk. They come minute by minute, all series side by
/// side, and are read series by series: a line of a day would lie on as many pages as it has
/// minutes. So the minutes of an hour that is over are taken out and put in again in the order of
/// their series: those of one then lie on two or three pages. Their contents stay what they were,
/// and no reader knows of it.
///
/// How far a model is packed is stored with it, hour by hour and within the hour series by series,
/// so whoever goes on, in whichever process, begins where the last portion ended. What comes late
/// for an hour that is packed lies elsewhere and stays there.
///
/// Nobody else may write minutes of the model while a portion is moved: that is the caller's to
/// see to.
public final class PackedMinutes {
  private static final Duration HOUR = Duration.ofHours(1);

  /// A walk over a model's series asks for so many in a statement, and of those for so many at a
  /// time: it ends with those in which there are rows enough.
  private static final int SERIES_A_STATEMENT = 1_000;

  private static final int SERIES_AT_A_TIME = 64;

  private static final String POSITION =
      """
      SELECT packed_until, packed_series FROM analytics.model
      WHERE model_id = ? AND state = 'live' AND detached_at IS NULL
      """;

  /// Each series asks the index twice, however many minutes it has.
  private static final String WALK =
      """
      SELECT s.series_id,
        (SELECT count(*) FROM analytics.metrics_min m
         WHERE m.series_id = s.series_id AND m.bucket >= ? AND m.bucket < ?),
        (SELECT min(m.bucket) FROM analytics.metrics_min m
         WHERE m.series_id = s.series_id AND m.bucket >= ? AND m.bucket < ?)
      FROM (SELECT series_id FROM analytics.series
            WHERE model_id = ? AND series_id > ?
            ORDER BY series_id LIMIT ?) AS s
      ORDER BY s.series_id
      """;

  private static final String ADVANCE =
      """
      UPDATE analytics.model SET packed_until = ?, packed_series = ?
      WHERE model_id = ? AND state = 'live' AND detached_at IS NULL
      """;

  /// All columns, whichever they are: a row is moved as it is. It is sorted before the first one is
  /// put in again, so all have been taken out by then.
  private static final String MOVE =
      """
      WITH moved AS (
        DELETE FROM analytics.metrics_min
        WHERE series_id = ANY (?) AND bucket >= ? AND bucket < ?
        RETURNING *)
      INSERT INTO analytics.metrics_min SELECT * FROM moved ORDER BY series_id, bucket
      """;

  /// All hours before this one are packed, and of it the series up to this one.
  public record Position(Instant hour, int series) {
    private static final Position BEGIN = new Position(Instant.EPOCH, 0);
  }

  /// What is to be moved next.
  ///
  /// @param series of which the minutes of the hour are to be moved; none if there is nothing
  /// @param after how far the model is packed then
  public record Portion(int model, Instant hour, List<Integer> series, Position after) {
    public Portion {
      series = List.copyOf(series);
    }
  }

  /// How far a model is packed; null if it is not live, or follows from bronze.
  public @Nullable Position position(Connection connection, int model) throws SQLException {
    try (var find = connection.prepareStatement(POSITION)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          return null;
        }
        var until = rows.getObject(1, OffsetDateTime.class);
        return until == null ? Position.BEGIN : new Position(until.toInstant(), rows.getInt(2));
      }
    }
  }

  /// The next portion of hours before `end`. It changes nothing and locks nothing. Hours in which
  /// no series has rows are passed over at once. A series with a single row in the hour gains
  /// nothing by being moved.
  ///
  /// @param connection within a transaction
  /// @param rowsMax no series is added to a portion of so many rows
  public Portion next(Connection connection, int model, Position at, Instant end, int rowsMax)
      throws SQLException {
    var walk = new Walk(model, at.hour(), end, rowsMax);
    var from = at.series();
    while (walk.go(connection, from) == SERIES_A_STATEMENT && !walk.isEnough()) {
      from = walk.last;
    }
    if (walk.isEnough()) {
      return new Portion(model, at.hour(), walk.series, new Position(at.hour(), walk.last));
    }
    // Of a walk that began in the middle of the series nobody knows where the others have rows.
    var nothing = at.series() == 0 && walk.series.isEmpty();
    var after = nothing ? walk.later.truncatedTo(ChronoUnit.HOURS) : at.hour().plus(HOUR);
    return new Portion(model, at.hour(), walk.series, new Position(after, 0));
  }

  /// From series to series of a model.
  private static final class Walk {
    private final int model;
    private final Instant hour;
    private final Instant end;
    private final int rowsMax;

    /// Those that have rows to be moved, and how many they are.
    private final List<Integer> series = new ArrayList<>();

    private long rowCount;

    /// The first minute that a series has after the hour.
    private Instant later;

    /// The series that was looked at last.
    private int last;

    private Walk(int model, Instant hour, Instant end, int rowsMax) {
      this.model = model;
      this.hour = hour;
      this.end = end;
      this.rowsMax = rowsMax;
      later = end;
    }

    private boolean isEnough() {
      return rowCount >= rowsMax;
    }

    /// @return how many series it has looked at
    private int go(Connection connection, int from) throws SQLException {
      var count = 0;
      try (var walk = connection.prepareStatement(WALK)) {
        walk.setFetchSize(SERIES_AT_A_TIME);
        walk.setObject(1, utc(hour));
        walk.setObject(2, utc(hour.plus(HOUR)));
        walk.setObject(3, utc(hour.plus(HOUR)));
        walk.setObject(4, utc(end));
        walk.setInt(5, model);
        walk.setInt(6, from);
        walk.setInt(7, SERIES_A_STATEMENT);
        try (var rows = walk.executeQuery()) {
          while (!isEnough() && rows.next()) {
            count++;
            look(rows);
          }
        }
      }
      return count;
    }

    private void look(ResultSet row) throws SQLException {
      last = row.getInt(1);
      if (row.getLong(2) > 1) {
        series.add(last);
        rowCount += row.getLong(2);
      }
      var first = row.getObject(3, OffsetDateTime.class);
      if (first != null && first.toInstant().isBefore(later)) {
        later = first.toInstant();
      }
    }
  }

  /// The model is packed up to behind the portion, once the transaction of `connection` commits.
  /// False: it is not live any more, or follows from bronze, and nothing changes.
  public boolean advance(Connection connection, Portion portion) throws SQLException {
    try (var advance = connection.prepareStatement(ADVANCE)) {
      advance.setObject(1, utc(portion.after().hour()));
      advance.setInt(2, portion.after().series());
      advance.setInt(3, portion.model());
      return advance.executeUpdate() == 1;
    }
  }

  /// @return how many rows were moved
  public int move(Connection connection, Portion portion) throws SQLException {
    try (var move = connection.prepareStatement(MOVE)) {
      move.setArray(1, connection.createArrayOf("int4", portion.series().toArray()));
      move.setObject(2, utc(portion.hour()));
      move.setObject(3, utc(portion.hour().plus(HOUR)));
      return move.executeUpdate();
    }
  }

  private static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
