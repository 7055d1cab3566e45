package io.claritystream.maestro.engine;

import io.claritystream.base.db.SqlTime;
import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import io.swagger.v3.oas.annotations.media.Schema;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// The rows of `maestro.redrive`, within a transaction of the tenant's.
final class Redrives {
  static final String LIST = "redrives";

  /// At a time, of one tenant.
  static final int RUNNING_MAX = 5;

  private static final String COLUMNS =
      """
      SELECT redrive_id, filter::text AS filter, per_s, state, matched, started, skipped, created_by, created_at,
        ended_at
      FROM maestro.redrive
      """;

  /// Which executions, as the API says it.
  ///
  /// @param status `failed`, which is meant if none is said, or `canceled`
  /// @param name the beginning of a name; capitals do not matter
  /// @param error the code of the error that ended it
  @Schema(name = "RedriveFilter")
  record Narrowed(
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) UUID workflowId,
      @Nullable
          @Schema(
              allowableValues = {"failed", "canceled"},
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          String status,
      @Nullable
          @Schema(
              allowableValues = {"webhook", "api", "retry"},
              requiredMode = Schema.RequiredMode.NOT_REQUIRED)
          String triggerType,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String name,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String error,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) String correlationKey,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Instant from,
      @Nullable @Schema(requiredMode = Schema.RequiredMode.NOT_REQUIRED) Instant to) {

    private static Narrowed of(ExecutionReads.Filter filter) {
      return new Narrowed(
          filter.workflow(),
          filter.status() == null ? null : filter.status().key(),
          filter.trigger(),
          filter.name(),
          filter.error(),
          filter.correlationKey(),
          filter.from(),
          filter.to());
    }
  }

  /// As the API tells it.
  ///
  /// @param matched how many executions matched when it was asked for, up to its limit
  /// @param started how many of them were tried again
  /// @param skipped how many were not: retried since, or of a workflow that is not to run
  @Schema(name = "Redrive")
  record View(
      UUID id,
      Narrowed filter,
      int perS,
      @Schema(allowableValues = {"running", "done", "canceled"}) String state,
      int matched,
      int started,
      int skipped,
      @Nullable UUID createdBy,
      Instant createdAt,
      @Nullable Instant endedAt) {}

  /// What is asked for.
  ///
  /// @param limit executions that it tries at most
  record Wish(UUID id, ExecutionReads.Filter filter, int perS, int limit, UUID by, Instant now) {}

  private Redrives() {}

  /// Counts what matches now, and has it begun.
  static void insert(JdbcClient sql, UUID tenant, Wish wish) {
    var running =
        sql.sql(
                "SELECT count(*) FROM maestro.redrive WHERE tenant_id = :tenant AND state = 'running'")
            .param("tenant", tenant)
            .query(Integer.class)
            .single();
    if (running >= RUNNING_MAX) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          RUNNING_MAX + " redrives are running already; wait for one, or cancel it.");
    }
    var before = ExecutionReads.lowest(wish.now);
    var conditions = new ArrayList<>(List.of("e.execution_id < :before"));
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("before", before);
    parameters.put("limit", wish.limit);
    ExecutionReads.narrow(wish.filter, conditions, parameters);
    var matched =
        sql.sql(
                "SELECT count(*) FROM (SELECT 1 FROM maestro.execution e WHERE "
                    + String.join(" AND ", conditions)
                    + " LIMIT :limit) AS matching")
            .params(parameters)
            .query(Integer.class)
            .single();
    sql.sql(
            """
            INSERT INTO maestro.redrive (redrive_id, tenant_id, filter, per_s, state, matched, cursor_id, before_id,
              worked_at, created_by, created_at)
            VALUES (:id, :tenant, CAST(:filter AS jsonb), :perS, 'running', :matched, :first, :before, :now, :by,
              :now)
            """)
        .param("id", wish.id)
        .param("tenant", tenant)
        .param("filter", Json.write(told(wish.filter)))
        .param("perS", wish.perS)
        .param("matched", matched)
        .param("first", new UUID(0, 0))
        .param("before", before)
        .param("now", SqlTime.of(wish.now))
        .param("by", wish.by)
        .update();
  }

  static Page<View> list(JdbcClient sql, PageRequest page) {
    var after = page.after(LIST, 1).map(cursor -> cursor.uuid(0)).orElse(null);
    var rows =
        sql.sql(
                COLUMNS
                    + """
                    WHERE tenant_id = (SELECT control.current_tenant())
                      AND (CAST(:after AS uuid) IS NULL OR redrive_id < :after)
                    ORDER BY redrive_id DESC LIMIT :rows
                    """)
            .param("after", after)
            .param("rows", page.rows())
            .query((row, number) -> view(row))
            .list();
    return Page.of(rows, page, last -> Cursor.of(LIST, last.id()));
  }

  static Optional<View> one(JdbcClient sql, UUID id) {
    return sql.sql(COLUMNS + "WHERE redrive_id = :id")
        .param("id", id)
        .query((row, number) -> view(row))
        .optional();
  }

  /// @return whether it was running
  static boolean cancel(JdbcClient sql, UUID id, Instant now) {
    return sql.sql(
                """
                UPDATE maestro.redrive SET state = 'canceled', ended_at = :now
                WHERE redrive_id = :id AND state = 'running'
                """)
            .param("id", id)
            .param("now", SqlTime.of(now))
            .update()
        > 0;
  }

  private static View view(ResultSet row) throws SQLException {
    return new View(
        row.getObject("redrive_id", UUID.class),
        Narrowed.of(filter(row.getString("filter"))),
        row.getInt("per_s"),
        row.getString("state"),
        row.getInt("matched"),
        row.getInt("started"),
        row.getInt("skipped"),
        row.getObject("created_by", UUID.class),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        Optional.ofNullable(row.getObject("ended_at", OffsetDateTime.class))
            .map(OffsetDateTime::toInstant)
            .orElse(null));
  }

  private static Map<String, @Nullable Object> told(ExecutionReads.Filter filter) {
    var told = new LinkedHashMap<String, @Nullable Object>();
    told.put("workflow", filter.workflow() == null ? null : filter.workflow().toString());
    told.put("status", filter.status() == null ? null : filter.status().key());
    told.put("trigger", filter.trigger());
    told.put("name", filter.name());
    told.put("error", filter.error());
    told.put("correlation_key", filter.correlationKey());
    told.put("from", filter.from() == null ? null : filter.from().toString());
    told.put("to", filter.to() == null ? null : filter.to().toString());
    told.values().removeIf(Objects::isNull);
    return told;
  }

  static ExecutionReads.Filter filter(String told) {
    var filter = (Map<?, ?>) Objects.requireNonNull(Json.read(told));
    return new ExecutionReads.Filter(
        text(filter, "workflow").map(UUID::fromString).orElse(null),
        text(filter, "status").map(ExecutionStatus::of).orElse(null),
        text(filter, "trigger").orElse(null),
        text(filter, "name").orElse(null),
        text(filter, "error").orElse(null),
        text(filter, "correlation_key").orElse(null),
        text(filter, "from").map(Instant::parse).orElse(null),
        text(filter, "to").map(Instant::parse).orElse(null));
  }

  private static Optional<String> text(Map<?, ?> filter, String name) {
    return Optional.ofNullable(filter.get(name)).map(String::valueOf);
  }
}
