package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The newest report of each source that is connected here, written to `control.source_status` for
/// all at once. A source whose row was not touched for [#OFFLINE_AFTER] is offline, so that a
/// gateway that dies leaves no source online.
public final class SourceReports {
  /// After this a row says nothing about the present any more.
  public static final Duration OFFLINE_AFTER = Duration.ofSeconds(20);

  private static final Logger LOG = LoggerFactory.getLogger(SourceReports.class);
  private static final Duration TOUCHED_EVERY = Duration.ofSeconds(5);

  private static final String UPSERT =
      """
      INSERT INTO control.source_status AS t
        (source_id, tenant_id, state, detail, captured_seq, spool_bytes, spool_limit_bytes,
         lag_bytes, last_commit_at, snapshot_tables_done, snapshot_tables_total, snapshot_rows,
         position, events_per_s, session, reported_at)
      SELECT u.source_id, u.tenant_id, u.state, u.detail, u.captured_seq, u.spool_bytes,
             u.spool_limit_bytes, u.lag_bytes, u.last_commit_at, u.tables_done, u.tables_total,
             u.snapshot_rows, u.position, u.events_per_s,
             u.session, ?
      FROM unnest(?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::bigint[], ?::bigint[],
                  ?::bigint[], ?::bigint[], ?::timestamptz[], ?::integer[], ?::integer[],
                  ?::bigint[], ?::text[], ?::real[], ?::bigint[])
        AS u (source_id, tenant_id, state, detail, captured_seq, spool_bytes, spool_limit_bytes,
              lag_bytes, last_commit_at, tables_done, tables_total, snapshot_rows, position,
              events_per_s, session)
      ON CONFLICT (source_id) DO UPDATE SET
        state = excluded.state, detail = excluded.detail, captured_seq = excluded.captured_seq,
        spool_bytes = excluded.spool_bytes, spool_limit_bytes = excluded.spool_limit_bytes,
        lag_bytes = excluded.lag_bytes, last_commit_at = excluded.last_commit_at,
        snapshot_tables_done = excluded.snapshot_tables_done,
        snapshot_tables_total = excluded.snapshot_tables_total,
        snapshot_rows = excluded.snapshot_rows, position = excluded.position,
        events_per_s = excluded.events_per_s, session = excluded.session,
        reported_at = excluded.reported_at
      WHERE t.session <= excluded.session
      """;

  private record Row(SourceRef source, SourceReport report, float eventsPerSecond) {}

  private static final class Connected {
    final SourceRef source;
    SourceReport report = SourceReport.of(SourceReport.State.WAITING);
    final Rate rate;
    boolean changed = true;

    Connected(SourceRef source, Instant at) {
      this.source = source;
      rate = new Rate(at);
    }
  }

  private final DataSource dataSource;
  private final Agents agents;
  private final SourceNews news;
  private final Clock clock;
  private final Map<UUID, Connected> connected = new HashMap<>();
  private final Map<UUID, Row> gone = new HashMap<>();
  private Instant touchedAt = Instant.EPOCH;

  SourceReports(DataSource dataSource, Agents agents, SourceNews news, Clock clock) {
    this.dataSource = dataSource;
    this.agents = agents;
    this.news = news;
    this.clock = clock;
  }

  /// A session of the source is served here from now on.
  public synchronized void connected(SourceRef source) {
    connected.put(source.sourceId(), new Connected(source, clock.instant()));
    gone.remove(source.sourceId());
  }

  public synchronized void reported(SourceRef source, SourceReport report) {
    Connected entry = entry(source);
    if (entry != null) {
      entry.report = report.at(clock.instant());
      entry.changed = true;
    }
  }

  /// Counts events that became durable, for the source's rate.
  public synchronized void durable(SourceRef source, long events) {
    Connected entry = entry(source);
    if (entry != null) {
      entry.rate.add(clock.instant(), events);
    }
  }

  /// The session has ended; unless a newer one is here, the source is offline.
  public synchronized void disconnected(SourceRef source) {
    Connected entry = entry(source);
    if (entry != null) {
      connected.remove(source.sourceId());
      gone.put(source.sourceId(), new Row(source, entry.report.in(SourceReport.State.OFFLINE), 0));
    }
  }

  /// The source was taken off its agent: its pages are told with the next writing. One that has
  /// come back meanwhile, with a newer session, stays.
  public synchronized void removed(SourceRef source) {
    Connected entry = connected.get(source.sourceId());
    if (entry != null && entry.source.session() > source.session()) {
      return;
    }
    connected.remove(source.sourceId());
    SourceReport last = entry == null ? SourceReport.of(SourceReport.State.OFFLINE) : entry.report;
    gone.put(source.sourceId(), new Row(source, last.in(SourceReport.State.OFFLINE), 0));
  }

  /// Writes what has changed, and all every few seconds, and tells the open pages; to be called
  /// about every second.
  public void write() {
    List<Row> rows = new ArrayList<>();
    Set<UUID> seen = new HashSet<>();
    Instant now = clock.instant();
    synchronized (this) {
      boolean all = !now.isBefore(touchedAt.plus(TOUCHED_EVERY));
      for (Connected entry : connected.values()) {
        if (entry.changed || all) {
          rows.add(new Row(entry.source, entry.report, entry.rate.perSecond(now)));
          entry.changed = false;
        }
        if (all) {
          seen.add(entry.source.agentId());
        }
      }
      rows.addAll(gone.values());
      gone.clear();
      if (all) {
        touchedAt = now;
      }
    }
    if (!rows.isEmpty()) {
      write(rows, now);
      news.tell(rows.stream().map(Row::source).toList());
    }
    agents.seen(seen);
  }

  private @Nullable Connected entry(SourceRef source) {
    Connected entry = connected.get(source.sourceId());
    return entry != null && entry.source.session() == source.session() ? entry : null;
  }

  private void write(List<Row> rows, Instant now) {
    // In one order everywhere, so that two gateways never wait for each other.
    rows.sort(Comparator.comparing(row -> row.source().sourceId()));
    try (Connection connection = dataSource.getConnection();
        PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
      upsert.setObject(1, SqlTime.of(now));
      upsert.setArray(2, array(connection, "uuid", rows, row -> row.source().sourceId()));
      upsert.setArray(3, array(connection, "uuid", rows, row -> row.source().tenantId().value()));
      upsert.setArray(
          4,
          array(
              connection,
              "text",
              rows,
              row -> row.report().state().name().toLowerCase(java.util.Locale.ROOT)));
      upsert.setArray(5, array(connection, "text", rows, row -> row.report().detail()));
      upsert.setArray(6, array(connection, "bigint", rows, row -> row.report().capturedSeq()));
      upsert.setArray(7, array(connection, "bigint", rows, row -> row.report().spoolBytes()));
      upsert.setArray(8, array(connection, "bigint", rows, row -> row.report().spoolLimitBytes()));
      upsert.setArray(9, array(connection, "bigint", rows, row -> row.report().lagBytes()));
      upsert.setArray(
          10,
          array(
              connection,
              "timestamptz",
              rows,
              row -> {
                Instant at = row.report().lastCommitAt();
                return at == null ? null : SqlTime.of(at);
              }));
      upsert.setArray(11, snapshot(connection, "integer", rows, SourceReport.Snapshot::tablesDone));
      upsert.setArray(
          12, snapshot(connection, "integer", rows, SourceReport.Snapshot::tablesTotal));
      upsert.setArray(13, snapshot(connection, "bigint", rows, SourceReport.Snapshot::rows));
      upsert.setArray(14, array(connection, "text", rows, row -> row.report().position()));
      upsert.setArray(15, array(connection, "real", rows, Row::eventsPerSecond));
      upsert.setArray(16, array(connection, "bigint", rows, row -> row.source().session()));
      upsert.executeUpdate();
    } catch (SQLException e) {
      // The next writing has newer reports of the same sources.
      LOG.warn("source reports not written sources={}", rows.size(), e);
    }
  }

  private static java.sql.Array snapshot(
      Connection connection,
      String type,
      List<Row> rows,
      Function<SourceReport.Snapshot, Object> part)
      throws SQLException {
    return array(
        connection,
        type,
        rows,
        row -> {
          SourceReport.Snapshot snapshot = row.report().snapshot();
          return snapshot == null ? null : part.apply(snapshot);
        });
  }

  private static java.sql.Array array(
      Connection connection, String type, List<Row> rows, Function<Row, @Nullable Object> value)
      throws SQLException {
    return connection.createArrayOf(type, rows.stream().map(value).toArray());
  }
}
