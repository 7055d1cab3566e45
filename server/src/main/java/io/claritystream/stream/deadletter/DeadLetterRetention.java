package io.claritystream.stream.deadletter;

import io.claritystream.base.db.SqlTime;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Drops the oldest dead letters by night, and once when it starts: those beyond [#KEPT_FOR], and
/// of each source those beyond [#LETTERS_MAX]. How many is kept in `control.dead_letter_dropped`,
/// for people to see. In portions, each in a transaction of its own that holds the lease.
///
/// A letter that holds its batch is the one place where those events are left: it goes by its age
/// alone. Of the letters of what is missing for good, and that nobody dismissed, the newest of each
/// table and the newest of no table stay: by them it is known that their tables are not exact.
public final class DeadLetterRetention implements AutoCloseable {
  static final Duration KEPT_FOR = Duration.ofDays(90);
  public static final int LETTERS_MAX = 10_000;

  private static final Logger log = LoggerFactory.getLogger(DeadLetterRetention.class);
  private static final int AT_A_TIME = 1_000;
  private static final LocalTime BY_NIGHT = LocalTime.of(2, 30);
  private static final Duration BETWEEN_PORTIONS = Duration.ofMillis(50);
  private static final Duration AFTER_FAULT = Duration.ofMinutes(5);

  private static final String LEASE =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('control.dead_letter retention', 0))";

  /// Counts what the statement in front of it, called `gone`, has deleted.
  private static final String COUNT_GONE =
      """
      , counted AS (
        INSERT INTO control.dead_letter_dropped AS d
          (source_id, tenant_id, letters, newest_at, dropped_at)
        SELECT source_id, tenant_id, count(*), max(at), CAST(? AS timestamptz)
        FROM gone
        GROUP BY source_id, tenant_id
        ON CONFLICT (source_id) DO UPDATE
        SET letters = d.letters + excluded.letters,
          newest_at = greatest(d.newest_at, excluded.newest_at), dropped_at = excluded.dropped_at
      )
      SELECT count(*) FROM gone
      """;

  private static final String NOT_THE_LAST_MISSING =
      """
      NOT (l.cause IN ('not_in_bronze', 'batch_corrupt') AND l.dismissed_at IS NULL
        AND NOT EXISTS (
          SELECT FROM control.dead_letter n
          WHERE n.source_id = l.source_id AND n.cause IN ('not_in_bronze', 'batch_corrupt')
            AND n.dismissed_at IS NULL AND n.table_name IS NOT DISTINCT FROM l.table_name
            AND n.seq_ordinal > l.seq_ordinal))
      """;

  private static final String DROP_OLD =
      """
      WITH gone AS (
        DELETE FROM control.dead_letter
        WHERE dead_letter_id = ANY (ARRAY(
          SELECT dead_letter_id FROM control.dead_letter l
          WHERE at < CAST(? AS timestamptz) AND
      """
          + NOT_THE_LAST_MISSING
          + """
          ORDER BY at LIMIT ?))
        RETURNING source_id, tenant_id, at
      )
      """
          + COUNT_GONE;

  private static final String DROP_BEYOND =
      """
      WITH gone AS (
        DELETE FROM control.dead_letter
        WHERE dead_letter_id = ANY (ARRAY(
          SELECT dead_letter_id FROM control.dead_letter l
          WHERE source_id = ? AND batch IS NULL AND
      """
          + NOT_THE_LAST_MISSING
          + """
          ORDER BY at, dead_letter_id LIMIT ?))
        RETURNING source_id, tenant_id, at
      )
      """
          + COUNT_GONE;

  private static final String FULL =
      """
      SELECT source_id, count(*) - ? AS beyond
      FROM control.dead_letter
      WHERE batch IS NULL
      GROUP BY source_id
      HAVING count(*) > ?
      ORDER BY source_id
      """;

  private record Full(UUID sourceId, long beyond) {}

  private final DataSource service;
  private final Clock clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread;

  DeadLetterRetention(DataSource service, Clock clock) {
    this.service = service;
    this.clock = clock;
  }

  /// Works at once, and then each night until closed.
  public synchronized void start() {
    if (thread == null) {
      thread = Thread.ofVirtual().name("dead-letter-retention").start(this::work);
    }
  }

  @Override
  public synchronized void close() {
    closing.countDown();
  }

  private void work() {
    var pause = Duration.ZERO;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        pause = untilNight(clock.instant());
        try {
          drop();
        } catch (SQLException e) {
          log.warn("old dead letters could not be dropped, trying again: cause={}", e.toString());
          pause = AFTER_FAULT;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static Duration untilNight(Instant now) {
    var today = ZonedDateTime.ofInstant(now, ZoneOffset.UTC).with(BY_NIGHT);
    var next = today.toInstant().isAfter(now) ? today : today.plusDays(1);
    return Duration.between(now, next);
  }

  /// Drops all that is too old or too much, and gives how many letters that were.
  long drop() throws SQLException, InterruptedException {
    var now = clock.instant();
    var all = 0L;
    for (long gone = AT_A_TIME; gone == AT_A_TIME; ) {
      gone = portion(DROP_OLD, SqlTime.of(now.minus(KEPT_FOR)), AT_A_TIME, now);
      all += gone;
    }
    for (var full : full()) {
      for (var beyond = full.beyond(); beyond > 0; ) {
        var gone = portion(DROP_BEYOND, full.sourceId(), (int) Math.min(beyond, AT_A_TIME), now);
        all += gone;
        beyond = gone == 0 ? 0 : beyond - gone;
      }
    }
    if (all > 0) {
      log.info("dead letters dropped, too old or too many: letters={}", all);
    }
    return all;
  }

  private List<Full> full() throws SQLException {
    try (var connection = service.getConnection();
        var select = connection.prepareStatement(FULL)) {
      select.setInt(1, LETTERS_MAX);
      select.setInt(2, LETTERS_MAX);
      var full = new ArrayList<Full>();
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          full.add(new Full(rows.getObject(1, UUID.class), rows.getLong(2)));
        }
      }
      return full;
    }
  }

  /// 0 where another process is at it.
  private long portion(String sql, Object of, int rows, Instant now)
      throws SQLException, InterruptedException {
    if (closing.await(BETWEEN_PORTIONS.toMillis(), TimeUnit.MILLISECONDS)) {
      return 0;
    }
    try (var connection = service.getConnection()) {
      connection.setAutoCommit(false);
      try (var lease = connection.prepareStatement(LEASE);
          var drop = connection.prepareStatement(sql)) {
        var gone = 0L;
        try (var held = lease.executeQuery()) {
          if (held.next() && held.getBoolean(1)) {
            drop.setObject(1, of);
            drop.setInt(2, rows);
            drop.setObject(3, SqlTime.of(now));
            try (var counted = drop.executeQuery()) {
              gone = counted.next() ? counted.getLong(1) : 0;
            }
          }
        }
        connection.commit();
        return gone;
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }
}
