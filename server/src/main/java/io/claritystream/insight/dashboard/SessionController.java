package io.claritystream.insight.dashboard;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Caller;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Permission;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.RequiresPermission;
import io.claritystream.base.process.ProcessRole;
import io.claritystream.base.process.RunsAs;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/// What devices did, and when.
@RestController
@RunsAs(ProcessRole.API)
@Tag(name = "Sessions")
class SessionController {
  private static final String PAGES =
      " A page may be short, or empty, and still have one after it: next_cursor alone says.";
  private static final Duration RANGE_DEFAULT = Duration.ofHours(24);
  private static final int STATES_MAX = 1_000;

  /// Each session counts for as long as it lasted within the range; one that lasts still, until
  /// now; one that ended before it began, for nothing. What a device did before the range is not
  /// read: of rows that say their end an index tells which reach into it, of each log of states the
  /// last before the range alone can.
  static final String SUMMARY =
      """
      WITH RECURSIVE logs (model_id, table_name) AS (
        SELECT live.model_id,
          (SELECT min(s.table_name) FROM analytics.sessions s
           WHERE s.ends_by = 'next' AND s.model_id = live.model_id AND s.device_id = :device)
        FROM unnest(analytics.live_models()) AS live (model_id)
        UNION ALL
        SELECT logs.model_id,
          (SELECT min(s.table_name) FROM analytics.sessions s
           WHERE s.ends_by = 'next' AND s.model_id = logs.model_id AND s.device_id = :device
             AND s.table_name > logs.table_name)
        FROM logs
        WHERE logs.table_name IS NOT NULL
      ), reaching (model_id, session_id) AS (
        SELECT s.model_id, s.session_id, s.started_at
        FROM analytics.sessions s
        WHERE s.device_id = :device AND s.started_at >= CAST(:from AS timestamptz)
          AND s.started_at < CAST(:to AS timestamptz)
        UNION ALL
        SELECT s.model_id, s.session_id, s.started_at
        FROM analytics.sessions s
        WHERE s.ends_by = 'row' AND s.device_id = :device AND s.ended_at IS NULL
          AND s.started_at < CAST(:from AS timestamptz)
        UNION ALL
        SELECT s.model_id, s.session_id, s.started_at
        FROM analytics.sessions s
        WHERE s.ends_by = 'row' AND s.device_id = :device
          AND s.ended_at > CAST(:from AS timestamptz)
          AND s.started_at < CAST(:from AS timestamptz)
        UNION ALL
        SELECT last.model_id, last.session_id, last.started_at
        FROM logs
        CROSS JOIN LATERAL (
          SELECT s.model_id, s.session_id, s.started_at
          FROM analytics.sessions s
          WHERE s.ends_by = 'next' AND s.model_id = logs.model_id AND s.device_id = :device
            AND s.table_name = logs.table_name AND s.started_at < CAST(:from AS timestamptz)
          ORDER BY s.started_at DESC, s.born DESC
          LIMIT 1
        ) last
      )
      SELECT i.table_name, i.state, count(*) AS sessions, bool_or(i.ended_at IS NULL) AS lasting,
        round(sum(greatest(0, extract(epoch FROM
          least(coalesce(i.ended_at, CAST(:now AS timestamptz)), CAST(:to AS timestamptz))
          - greatest(i.started_at, CAST(:from AS timestamptz))))), 3) AS seconds
      FROM reaching
      JOIN analytics.session_intervals i
        ON i.model_id = reaching.model_id AND i.session_id = reaching.session_id
          AND i.started_at = reaching.started_at
      WHERE i.tenant_id = :tenant
        AND (i.started_at >= CAST(:from AS timestamptz) OR i.ended_at IS NULL
          OR i.ended_at > CAST(:from AS timestamptz))
      GROUP BY i.table_name, i.state
      ORDER BY i.table_name, seconds DESC, i.state
      LIMIT :rows
      """;

  private final TenantTransactions transactions;
  private final Clock clock;

  SessionController(TenantTransactions transactions, Clock clock) {
    this.transactions = transactions;
    this.clock = clock;
  }

  @Schema(name = "DeviceSession")
  record Session(
      UUID id,
      UUID sourceId,
      String table,
      @Nullable UUID deviceId,
      @Nullable String deviceName,
      @Nullable UUID siteId,
      @Nullable String siteName,
      @Nullable @Schema(description = "What was done; null if the row does not say") String state,
      @Nullable String reason,
      Instant startedAt,
      @Nullable
          @Schema(
              description =
                  "Null while it lasts. It is what the row says, be it before started_at; that of a"
                      + " log of states is the start of the device's next state.")
          Instant endedAt) {}

  /// @param seconds within the range
  /// @param lasting whether one of them has no end yet
  @Schema(name = "SessionState")
  record State(
      String table, @Nullable String state, int sessions, double seconds, boolean lasting) {}

  @Schema(name = "SessionSummary")
  record Summary(UUID deviceId, Instant from, Instant to, List<State> states) {}

  @GetMapping("/v1/sessions")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(
      operationId = "listSessions",
      summary = "Sessions that overlap a time, the latest to begin first",
      description = "What devices did, and when: stops, runs, states." + PAGES)
  Page<Session> list(
      Caller caller,
      @RequestParam(name = "device_id", required = false) @Nullable UUID deviceId,
      @RequestParam(name = "site_id", required = false) @Nullable UUID siteId,
      @RequestParam(name = "source_id", required = false) @Nullable UUID sourceId,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "state", required = false) @Nullable String state,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to,
      @RequestParam(name = "open", required = false, defaultValue = "false") boolean open,
      PageRequest page) {
    var search = new SessionSearch(deviceId, siteId, sourceId, table, state, from, to, open);
    return transactions.read(caller.tenantId(), sql -> search.page(sql, caller.tenantId(), page));
  }

  @GetMapping("/v1/devices/{id}/sessions")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(
      operationId = "listDeviceSessions",
      summary = "A device's sessions that overlap a time, the latest to begin first",
      description = "What the device did, and when." + PAGES)
  Page<Session> ofDevice(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestParam(name = "table", required = false) @Nullable String table,
      @RequestParam(name = "state", required = false) @Nullable String state,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to,
      @RequestParam(name = "open", required = false, defaultValue = "false") boolean open,
      PageRequest page) {
    var search = new SessionSearch(id, null, null, table, state, from, to, open);
    return transactions.read(
        caller.tenantId(),
        sql -> {
          requireDevice(sql, caller.tenantId(), id);
          return search.page(sql, caller.tenantId(), page);
        });
  }

  @GetMapping("/v1/devices/{id}/sessions/summary")
  @RequiresPermission(Permission.DEVICES_READ)
  @Operation(
      operationId = "summarizeDeviceSessions",
      summary = "How long and how often a device was in each state",
      description =
          "Over the last 24 hours unless a range is given. Sessions count for their part of the"
              + " range, those that last until now.")
  Summary summary(
      Caller caller,
      @PathVariable("id") UUID id,
      @RequestParam(name = "from", required = false) @Nullable Instant from,
      @RequestParam(name = "to", required = false) @Nullable Instant to) {
    var now = clock.instant();
    var end = to == null ? now : to;
    var begin = from == null ? end.minus(RANGE_DEFAULT) : from;
    if (!end.isAfter(begin)) {
      throw Problem.invalid("to", "must be after from");
    }
    var tenant = caller.tenantId();
    return transactions.read(
        tenant,
        sql -> {
          requireDevice(sql, tenant, id);
          return new Summary(
              id,
              begin,
              end,
              sql.sql(SUMMARY)
                  .param("tenant", tenant.value())
                  .param("device", id)
                  .param("now", SqlTime.of(now))
                  .param("from", SqlTime.of(begin))
                  .param("to", SqlTime.of(end))
                  .param("rows", STATES_MAX)
                  .query(SessionController::state)
                  .list());
        });
  }

  private static void requireDevice(JdbcClient sql, TenantId tenant, UUID id) {
    var known =
        sql.sql(
                """
                SELECT count(*) FROM analytics.devices
                WHERE tenant_id = :tenant AND device_id = :device
                """)
            .param("tenant", tenant.value())
            .param("device", id)
            .query(Integer.class)
            .single();
    if (known == 0) {
      throw Problem.notFound("device", id);
    }
  }

  private static State state(ResultSet row, int number) throws SQLException {
    return new State(
        row.getString("table_name"),
        row.getString("state"),
        row.getInt("sessions"),
        row.getDouble("seconds"),
        row.getBoolean("lasting"));
  }
}
