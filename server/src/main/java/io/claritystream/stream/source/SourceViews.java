package io.claritystream.stream.source;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.swagger.v3.oas.annotations.media.Schema;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// A source as people see it: what its agent says of it, and what of it is durable.
final class SourceViews {
  private static final String SELECT =
      """
      SELECT s.source_id, s.name, s.kind, s.agent_id, a.name AS agent_name, s.epoch, s.created_at,
             s.removed_at, s.acknowledge, t.state, t.detail, t.captured_seq, t.lag_bytes, t.spool_bytes,
             t.events_per_s,
             t.snapshot_tables_done, t.snapshot_tables_total, t.snapshot_rows,
             coalesce(t.reported_at > :fresh, false) AND a.revoked_at IS NULL
               AND s.removed_at IS NULL AS online,
             c.epoch AS durable_epoch, c.bronze_seq, c.events_total, c.last_commit_at,
             c.last_captured_at, folded.reads, folded.tables_not_exact,
             missed.gaps, missed.gaps_open,
             CASE WHEN building.first_epoch IS NOT NULL THEN 'building'
                  WHEN live.detached_at IS NOT NULL THEN 'detached'
                  WHEN EXISTS (SELECT FROM control.rebuild r
                               WHERE r.source_id = s.source_id AND r.ended_at IS NULL)
                    THEN 'rebuilding'
                  ELSE 'live' END AS model_state,
             CASE WHEN building.first_epoch = c.epoch
                  THEN greatest(0, least(c.bronze_seq, building.last_seq) - building.first_seq + 1)
                  END AS model_rows,
             building.events_done AS model_done, building.events_total AS model_total,
             live.detached_at, building.first_epoch IS NOT NULL AS folding_aside
      FROM control.source s
      JOIN control.agent a ON a.agent_id = s.agent_id
      LEFT JOIN control.source_status t ON t.source_id = s.source_id
      LEFT JOIN control.checkpoint_source c ON c.source_id = s.source_id
      LEFT JOIN LATERAL (
        SELECT r.snapshot_epoch AS first_epoch, r.snapshot_seq AS first_seq,
               r.snapshot_ended_seq AS last_seq, r.events_done, r.events_total
        FROM control.rebuild r
        WHERE r.source_id = s.source_id AND r.ended_at IS NULL AND r.snapshot_epoch IS NOT NULL
        UNION ALL
        (SELECT m.first_epoch, m.first_seq, NULL, NULL, NULL FROM analytics.model m
         WHERE m.source_id = s.source_id AND m.state = 'building' AND m.purpose = 'snapshot'
         ORDER BY m.model_id DESC LIMIT 1)
        LIMIT 1
      ) building ON true
      LEFT JOIN analytics.model live ON live.source_id = s.source_id AND live.state = 'live'
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(n.reads), 0) AS reads,
               count(*) FILTER (WHERE NOT n.exact OR EXISTS (
                 SELECT
      """
          + MissingEvents.OF_TABLE
          + """
                   AND l.dismissed_at IS NULL)) AS tables_not_exact
        FROM (
          SELECT t.table_name
          FROM control.source_table t
          WHERE t.tenant_id = s.tenant_id AND t.source_id = s.source_id
          UNION
          SELECT held.table_name
          FROM analytics.table_state held
          WHERE held.tenant_id = s.tenant_id AND held.model_id = live.model_id
        ) v
        LEFT JOIN analytics.table_state n
          ON n.tenant_id = s.tenant_id AND n.model_id = live.model_id
          AND n.table_name = v.table_name
        LEFT JOIN control.source_table_option o
          ON o.tenant_id = s.tenant_id AND o.source_id = s.source_id
          AND o.table_name = v.table_name
      ) folded
      CROSS JOIN LATERAL (
        SELECT count(*) AS gaps, count(*) FILTER (WHERE g.repaired_at IS NULL) AS gaps_open
        FROM control.source_gap g
        WHERE g.tenant_id = s.tenant_id AND g.source_id = s.source_id
      ) missed
      WHERE s.tenant_id = :tenant
        AND (s.removed_at IS NULL OR :removed)
        AND (CAST(:ids AS uuid[]) IS NULL OR s.source_id = ANY (:ids))
        AND (CAST(:at AS timestamptz) IS NULL OR (s.created_at, s.source_id) < (:at, :after))
      ORDER BY s.created_at DESC, s.source_id DESC
      LIMIT :rows
      """;

  /// @param state snapshotting until the snapshot's last row is stored here, and one that is taken
  ///     again until people see what it was folded to
  /// @param tablesNotExact tables whose read models do not hold all that was captured of them, as
  ///     their `exact` says
  /// @param gaps how often something of the source was not captured; `gapsOpen` of them no snapshot
  ///     has repaired yet
  /// @param acknowledge when the source may forget what it sent: once it is stored here, or once
  ///     the agent's disk has it
  /// @param eventsPerS durable events over the last minute
  /// @param lagS seconds since the newest durable commit while there is more to come; 0 when caught
  ///     up
  /// @param lagBytes of the source's own log that is held back for us
  @Schema(name = "Source")
  record Source(
      UUID id,
      String name,
      @Schema(allowableValues = {"postgresql"}) String kind,
      UUID agentId,
      String agentName,
      @Schema(
              allowableValues = {
                "snapshotting",
                "streaming",
                "waiting",
                "stopped",
                "failed",
                "offline",
                "removed"
              })
          String state,
      String stateDetail,
      int epoch,
      long durableSeq,
      long eventsTotal,
      double eventsPerS,
      double lagS,
      long lagBytes,
      long spoolBytes,
      long tablesNotExact,
      long gaps,
      long gapsOpen,
      @Schema(allowableValues = {"bronze", "spool"}) String acknowledge,
      @Nullable Snapshot snapshot,
      Model model,
      @Nullable Instant lastEventAt,
      Instant createdAt) {}

  /// What is shown of a source.
  ///
  /// @param state `building` while a snapshot is being taken again: what is shown is as of before
  ///     it. `detached` while too many of its events are refused: what is shown follows at its own
  ///     pace. `rebuilding` while another one is built from what was captured; what is shown goes
  ///     on.
  /// @param rows of a snapshot that is being taken again: those that are stored here so far
  /// @param eventsDone where a snapshot that is being taken again is folded from what is stored,
  ///     because deleted rows are kept: events folded so far. Null elsewhere.
  /// @param eventsTotal of those, how many there are to be folded, with the rows that the agent has
  ///     read so far; null before that is known
  /// @param since when it was detached
  @Schema(name = "SourceModel")
  record Model(
      @Schema(allowableValues = {"live", "building", "rebuilding", "detached"}) String state,
      @Nullable Long rows,
      @Nullable Long eventsDone,
      @Nullable Long eventsTotal,
      @Nullable Instant since) {}

  /// The snapshot that is under way, as the agent tells of it.
  ///
  /// @param rows that the agent has read from the database so far
  /// @param rowsStored of those, how many are stored here
  @Schema(name = "SourceSnapshot")
  record Snapshot(int tablesDone, int tablesTotal, long rows, long rowsStored) {
    /// A snapshot's rows are the first events of their epoch, so the durable number tells how many
    /// of them are here. An epoch that goes on without a snapshot has the former one's rows.
    boolean underWay(long rowsFolded) {
      return rowsStored < rows && rowsFolded < rows;
    }
  }

  /// Where a list goes on: behind this source.
  record After(Instant createdAt, UUID id) {}

  private final Clock clock;

  SourceViews(Clock clock) {
    this.clock = clock;
  }

  /// The tenant's sources, newest first.
  ///
  /// @param removed whether those that were removed count as well
  List<Source> list(
      JdbcClient sql, TenantId tenant, boolean removed, @Nullable After after, int rows) {
    return select(sql, tenant, null, removed, after, rows);
  }

  /// Those of these sources that are the tenant's, removed or not.
  List<Source> of(JdbcClient sql, TenantId tenant, Collection<UUID> ids) {
    return select(sql, tenant, ids.toArray(UUID[]::new), true, null, ids.size());
  }

  private List<Source> select(
      JdbcClient sql,
      TenantId tenant,
      UUID @Nullable [] ids,
      boolean removed,
      @Nullable After after,
      int rows) {
    Instant now = clock.instant();
    return sql.sql(SELECT)
        .param("fresh", SqlTime.of(now.minus(SourceReports.OFFLINE_AFTER)))
        .param("tenant", tenant.value())
        .param("ids", ids)
        .param("removed", removed)
        .param("at", after == null ? null : SqlTime.of(after.createdAt()))
        .param("after", after == null ? null : after.id())
        .param("rows", rows)
        .query((row, number) -> source(row, now))
        .list();
  }

  private static Source source(ResultSet row, Instant now) throws SQLException {
    boolean online = row.getBoolean("online");
    int epoch = row.getInt("epoch");
    long durableSeq = row.getInt("durable_epoch") == epoch ? row.getLong("bronze_seq") : 0;
    Instant lastCommitAt = SqlTime.readNullable(row, "last_commit_at");
    boolean behind = row.getLong("captured_seq") > durableSeq;
    double lag =
        behind && lastCommitAt != null
            ? Math.max(0, Duration.between(lastCommitAt, now).toMillis() / 1_000.0)
            : 0;
    Snapshot snapshot = snapshot(row, durableSeq);
    String state = online ? row.getString("state") : null;
    boolean underWay = snapshot != null && snapshot.underWay(row.getLong("reads"));
    if ("streaming".equals(state) && (underWay || row.getBoolean("folding_aside"))) {
      state = "snapshotting";
    }
    // An epoch may go on without a snapshot: then the agent tells of the one before, and its rows
    // have nothing to do with the numbers here.
    boolean isUnderWay =
        underWay
            || row.getBoolean("folding_aside")
            || "snapshotting".equals(row.getString("state"));
    return new Source(
        row.getObject("source_id", UUID.class),
        row.getString("name"),
        row.getString("kind"),
        row.getObject("agent_id", UUID.class),
        row.getString("agent_name"),
        row.getObject("removed_at") != null ? "removed" : state != null ? state : "offline",
        online ? row.getString("detail") : "",
        epoch,
        durableSeq,
        row.getLong("events_total"),
        online ? Math.round(row.getFloat("events_per_s") * 10) / 10.0 : 0,
        lag,
        row.getLong("lag_bytes"),
        row.getLong("spool_bytes"),
        row.getLong("tables_not_exact"),
        row.getLong("gaps"),
        row.getLong("gaps_open"),
        row.getString("acknowledge"),
        isUnderWay ? snapshot : null,
        new Model(
            row.getString("model_state"),
            row.getObject("model_rows", Long.class),
            row.getObject("model_done", Long.class),
            row.getObject("model_total", Long.class),
            "detached".equals(row.getString("model_state"))
                ? SqlTime.readNullable(row, "detached_at")
                : null),
        lastCommitAt == null ? SqlTime.readNullable(row, "last_captured_at") : lastCommitAt,
        SqlTime.read(row, "created_at"));
  }

  private static @Nullable Snapshot snapshot(ResultSet row, long durableSeq) throws SQLException {
    int tablesTotal = row.getInt("snapshot_tables_total");
    if (row.wasNull()) {
      return null;
    }
    long rows = row.getLong("snapshot_rows");
    return new Snapshot(
        row.getInt("snapshot_tables_done"), tablesTotal, rows, Math.min(rows, durableSeq));
  }
}
