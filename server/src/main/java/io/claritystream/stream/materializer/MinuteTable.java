package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// Writes the minutes of a batch. Counts and sums are added and taken away. A minute whose
/// smallest, largest or last value was taken away is stale: it is folded again from the rows that
/// are there, all such of a batch in one pass.
final class MinuteTable {
  /// "Last" is by the reading's time, then by the birth of its row, among finite values; a minute
  /// without any has that of its last reading.
  private static final String ADD =
      """
      INSERT INTO analytics.metrics_min AS m
        (series_id, bucket, tenant_id, value_count, nan_count, inf_count, value_sum, value_min,
         value_max, value_last, last_at, last_seq)
      SELECT series_id, bucket, ?::uuid, value_count, nan_count, inf_count, trim_scale(value_sum),
        value_min, value_max, value_last, last_at, last_seq
      FROM unnest(
          ?::int[], ?::timestamptz[], ?::int[], ?::int[], ?::int[], ?::numeric[], ?::numeric[],
          ?::numeric[], ?::numeric[], ?::timestamptz[], ?::bigint[])
        AS added (series_id, bucket, value_count, nan_count, inf_count, value_sum, value_min,
          value_max, value_last, last_at, last_seq)
      ON CONFLICT (series_id, bucket) DO UPDATE
      SET value_count = m.value_count + excluded.value_count,
        nan_count = m.nan_count + excluded.nan_count,
        inf_count = m.inf_count + excluded.inf_count,
        value_sum = trim_scale(m.value_sum + excluded.value_sum),
        value_min = least(m.value_min, excluded.value_min),
        value_max = greatest(m.value_max, excluded.value_max),
        value_last = CASE
          WHEN excluded.value_last IS NULL THEN m.value_last
          WHEN m.value_last IS NULL
            OR excluded.last_at > m.last_at
            OR excluded.last_at = m.last_at AND excluded.last_seq > m.last_seq
            THEN excluded.value_last
          ELSE m.value_last END,
        last_at = CASE
          WHEN excluded.value_last IS NULL AND m.value_last IS NOT NULL THEN m.last_at
          WHEN m.value_last IS NULL AND excluded.value_last IS NOT NULL
            OR excluded.last_at > m.last_at
            THEN excluded.last_at
          ELSE m.last_at END,
        last_seq = CASE
          WHEN excluded.value_last IS NULL AND m.value_last IS NOT NULL THEN m.last_seq
          WHEN m.value_last IS NULL AND excluded.value_last IS NOT NULL
            OR excluded.last_at > m.last_at
            OR excluded.last_at = m.last_at AND excluded.last_seq > m.last_seq
            THEN excluded.last_seq
          ELSE m.last_seq END
      """;

  /// Counts and the sum are what is added less what is removed. What was removed was there before
  /// the batch, and what is added was not, so the added ones cover what they reach as far as.
  private static final String CHANGE =
      """
      UPDATE analytics.metrics_min AS m
      SET value_count = m.value_count + c.value_count,
        nan_count = m.nan_count + c.nan_count,
        inf_count = m.inf_count + c.inf_count,
        value_sum = trim_scale(m.value_sum + c.value_sum),
        value_min = least(m.value_min, c.value_min),
        value_max = greatest(m.value_max, c.value_max),
        value_last = CASE
          WHEN (c.last_at, c.last_seq) >= (m.last_at, m.last_seq) THEN c.value_last
          ELSE m.value_last END,
        last_at = CASE
          WHEN (c.last_at, c.last_seq) >= (m.last_at, m.last_seq) THEN c.last_at
          ELSE m.last_at END,
        last_seq = CASE
          WHEN (c.last_at, c.last_seq) >= (m.last_at, m.last_seq) THEN c.last_seq
          ELSE m.last_seq END
      FROM unnest(
          ?::int[], ?::timestamptz[], ?::int[], ?::int[], ?::int[], ?::numeric[], ?::numeric[],
          ?::numeric[], ?::numeric[], ?::timestamptz[], ?::bigint[], ?::numeric[], ?::numeric[],
          ?::timestamptz[], ?::bigint[])
        WITH ORDINALITY
        AS c (series_id, bucket, value_count, nan_count, inf_count, value_sum, value_min,
          value_max, value_last, last_at, last_seq, gone_min, gone_max, gone_at, gone_seq, place)
      WHERE m.series_id = c.series_id AND m.bucket = c.bucket
      RETURNING c.place, new.value_count + new.nan_count + new.inf_count = 0,
        old.value_count = 0 OR new.value_count = 0
        OR coalesce(c.gone_min <= old.value_min AND NOT coalesce(c.value_min <= c.gone_min, false), false)
        OR coalesce(c.gone_max >= old.value_max AND NOT coalesce(c.value_max >= c.gone_max, false), false)
        OR coalesce((c.gone_at, c.gone_seq) >= (old.last_at, old.last_seq)
          AND NOT coalesce((c.last_at, c.last_seq) >= (c.gone_at, c.gone_seq), false), false)
      """;

  private static final String PUT =
      """
      INSERT INTO analytics.metrics_min AS m
        (series_id, bucket, tenant_id, value_count, nan_count, inf_count, value_sum, value_min,
         value_max, value_last, last_at, last_seq)
      SELECT series_id, bucket, ?::uuid, value_count, nan_count, inf_count, trim_scale(value_sum),
        value_min, value_max, value_last, last_at, last_seq
      FROM unnest(
          ?::int[], ?::timestamptz[], ?::int[], ?::int[], ?::int[], ?::numeric[], ?::numeric[],
          ?::numeric[], ?::numeric[], ?::timestamptz[], ?::bigint[])
        AS put (series_id, bucket, value_count, nan_count, inf_count, value_sum, value_min,
          value_max, value_last, last_at, last_seq)
      ON CONFLICT (series_id, bucket) DO UPDATE
      SET value_count = excluded.value_count, nan_count = excluded.nan_count,
        inf_count = excluded.inf_count, value_sum = excluded.value_sum,
        value_min = excluded.value_min, value_max = excluded.value_max,
        value_last = excluded.value_last, last_at = excluded.last_at,
        last_seq = excluded.last_seq
      """;

  private static final String DELETE =
      """
      DELETE FROM analytics.metrics_min AS m
      USING unnest(?::int[], ?::timestamptz[]) AS gone (series_id, bucket)
      WHERE m.series_id = gone.series_id AND m.bucket = gone.bucket
      """;

  /// A minute's place with what is to be written there.
  private record Row(Minute minute, Tally tally) {}

  private record MinuteOf(Device device, int minute) {}

  private final Connection connection;
  private final Fold fold;
  private final RowStates states;
  private final String tenant;

  MinuteTable(Connection connection, Fold fold, RowStates states) {
    this.connection = connection;
    this.fold = fold;
    this.states = states;
    tenant = fold.batch.model.tenant.toString();
  }

  /// Sorts the batch's minutes by series and time.
  void write() throws SQLException {
    var minutes = fold.batch.minutes.all;
    if (minutes.isEmpty()) {
      return;
    }
    minutes.sort(
        (left, right) ->
            left.series.id != right.series.id
                ? Integer.compare(left.series.id, right.series.id)
                : Integer.compare(left.minute, right.minute));
    var added = new ArrayList<Row>(minutes.size());
    var changed = new ArrayList<Minute>();
    for (var minute : minutes) {
      if (minute.removed != null) {
        changed.add(minute);
      } else {
        added.add(new Row(minute, minute));
      }
    }
    write(ADD, added);
    if (!changed.isEmpty()) {
      change(changed);
    }
  }

  private void change(List<Minute> changed) throws SQLException {
    var columns = new Columns(changed.size());
    var goneMins = new ArrayText(changed.size(), 8);
    var goneMaxes = new ArrayText(changed.size(), 8);
    var goneAts = new ArrayText(changed.size(), 32);
    var goneSeqs = new ArrayText(changed.size(), 16);
    for (var minute : changed) {
      var gone = minute.removed();
      columns.place(minute);
      columns.counts(
          minute.count - gone.count, minute.nans - gone.nans, minute.infinities - gone.infinities);
      columns.sums.add(minute.sum().subtract(gone.sum()).toPlainString());
      columns.edges(minute);
      if (minute.count == 0) {
        columns.lastAts.addNull();
        columns.lastSeqs.addNull();
      } else {
        columns.last(minute);
      }
      if (gone.count == 0) {
        goneMins.addNull();
        goneMaxes.addNull();
        goneAts.addNull();
        goneSeqs.addNull();
      } else {
        gone.writeMin(goneMins);
        gone.writeMax(goneMaxes);
        goneAts.addMoment(gone.lastAtUs);
        goneSeqs.add(gone.lastSeq);
      }
    }
    var stale = new ArrayList<Minute>();
    var empty = new ArrayList<Minute>();
    var seen = new boolean[changed.size()];
    try (var update = connection.prepareStatement(CHANGE)) {
      var at = columns.set(update, 1);
      update.setString(at, goneMins.end());
      update.setString(at + 1, goneMaxes.end());
      update.setString(at + 2, goneAts.end());
      update.setString(at + 3, goneSeqs.end());
      try (var rows = update.executeQuery()) {
        while (rows.next()) {
          var place = rows.getInt(1) - 1;
          seen[place] = true;
          if (rows.getBoolean(2)) {
            empty.add(changed.get(place));
          } else if (rows.getBoolean(3)) {
            stale.add(changed.get(place));
          }
        }
      }
    }
    for (var i = 0; i < seen.length; i++) {
      if (!seen[i]) {
        stale.add(changed.get(i));
      }
    }
    delete(empty);
    refold(stale);
  }

  private void refold(List<Minute> stale) throws SQLException {
    if (stale.isEmpty()) {
      return;
    }
    Map<Series, Map<Integer, Tally>> anew = new IdentityHashMap<>();
    var asked = new HashSet<MinuteOf>();
    var questions = new ArrayList<Minute>();
    for (var minute : stale) {
      anew.computeIfAbsent(minute.series, series -> new HashMap<>())
          .put(minute.minute, new Tally());
      if (asked.add(new MinuteOf(minute.series.device, minute.minute))) {
        questions.add(minute);
      }
    }
    states.ofMinutes(
        questions,
        stored -> {
          var reading = fold.readings().of(stored);
          if (reading != null) {
            fold.batch.minutes.refold(anew, reading, stored.row(), stored.born());
          }
        });
    var put = new ArrayList<Row>();
    var empty = new ArrayList<Minute>();
    for (var minute : stale) {
      var tallies = anew.get(minute.series);
      var tally = tallies == null ? null : tallies.get(minute.minute);
      if (tally == null || tally.values() == 0) {
        empty.add(minute);
      } else {
        put.add(new Row(minute, tally));
      }
    }
    write(PUT, put);
    delete(empty);
  }

  private void delete(List<Minute> minutes) throws SQLException {
    if (minutes.isEmpty()) {
      return;
    }
    var series = new ArrayText(minutes.size(), 8);
    var buckets = new ArrayText(minutes.size(), 25);
    for (var minute : minutes) {
      series.add(minute.series.id);
      buckets.addMinute(minute.minute);
    }
    try (var delete = connection.prepareStatement(DELETE)) {
      delete.setString(1, series.end());
      delete.setString(2, buckets.end());
      delete.executeUpdate();
    }
  }

  private void write(String sql, List<Row> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    var columns = new Columns(rows.size());
    for (var row : rows) {
      columns.place(row.minute);
      columns.counts(row.tally.count, row.tally.nans, row.tally.infinities);
      row.tally.writeSum(columns.sums);
      columns.edges(row.tally);
      columns.last(row.tally);
    }
    try (var write = connection.prepareStatement(sql)) {
      write.setString(1, tenant);
      columns.set(write, 2);
      write.executeUpdate();
    }
  }

  /// The columns of some minutes.
  private static final class Columns {
    private final ArrayText series;
    private final ArrayText buckets;
    private final ArrayText counts;
    private final ArrayText nans;
    private final ArrayText infinities;
    private final ArrayText sums;
    private final ArrayText mins;
    private final ArrayText maxes;
    private final ArrayText lasts;
    private final ArrayText lastAts;
    private final ArrayText lastSeqs;

    private Columns(int size) {
      series = new ArrayText(size, 8);
      buckets = new ArrayText(size, 25);
      counts = new ArrayText(size, 4);
      nans = new ArrayText(size, 2);
      infinities = new ArrayText(size, 2);
      sums = new ArrayText(size, 10);
      mins = new ArrayText(size, 8);
      maxes = new ArrayText(size, 8);
      lasts = new ArrayText(size, 8);
      lastAts = new ArrayText(size, 32);
      lastSeqs = new ArrayText(size, 16);
    }

    private void place(Minute minute) {
      series.add(minute.series.id);
      buckets.addMinute(minute.minute);
    }

    private void counts(int finite, int nan, int infinite) {
      counts.add(finite);
      nans.add(nan);
      infinities.add(infinite);
    }

    private void edges(Tally tally) {
      if (tally.count == 0) {
        mins.addNull();
        maxes.addNull();
        lasts.addNull();
      } else {
        tally.writeMin(mins);
        tally.writeMax(maxes);
        tally.writeLast(lasts);
      }
    }

    private void last(Tally tally) {
      lastAts.addMoment(tally.lastAtUs);
      lastSeqs.add(tally.lastSeq);
    }

    /// @return the next parameter
    private int set(PreparedStatement statement, int first) throws SQLException {
      var at = first;
      for (var column :
          new ArrayText[] {
            series, buckets, counts, nans, infinities, sums, mins, maxes, lasts, lastAts, lastSeqs
          }) {
        statement.setString(at++, column.end());
      }
      return at;
    }
  }
}
