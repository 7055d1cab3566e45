package io.claritystream.maestro.engine;

import io.claritystream.base.http.Cursor;
import io.claritystream.base.http.Page;
import io.claritystream.base.http.PageRequest;
import io.claritystream.base.http.Problem;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Executions and their logs as a tenant's people read them, within a transaction of the tenant's.
final class ExecutionReads {
  /// Whatever begins with a text stands before that text with this behind it.
  private static final String LAST_CHARACTER = Character.toString(Character.MAX_CODE_POINT);

  private static final String LOG_LIST = "execution_log";

  private static final String COLUMNS =
      """
      SELECT e.execution_id, e.workflow_id, e.version, e.status, e.trigger_type, e.trigger_key, e.name,
        e.correlation_key, e.created_at, e.started_at, e.finished_at, e.outcome, e.outcome_message,
        e.outcome_step, e.origin_id, e.from_step, e.started_by, e.waiting_for, e.ready_at, e.worker_us,
        %s AS steps_done
      FROM maestro.execution e
      """;

  /// Of an open one the row does not tell yet: only its end is written there. In a list, where
  /// each would have to be counted, it stays untold.
  static final String LISTED = COLUMNS.formatted("CASE WHEN e.ended THEN e.steps_done END");

  private static final String ONE =
      COLUMNS.formatted(
              """
              CASE WHEN e.ended THEN e.steps_done ELSE (
                  SELECT count(*) FROM maestro.execution_log l
                  WHERE l.execution_id = e.execution_id AND l.kind IN ('succeeded', 'handled')
                ) END""")
          + "WHERE e.execution_id = :execution";

  /// A retry is younger than its origin, so days before need not be looked at; but the clock of the
  /// process that took it in may have been behind.
  private static final Duration CLOCKS_APART = Duration.ofMinutes(1);

  private static final String RETRIES =
      """
      SELECT DISTINCT ON (origin_id) origin_id, execution_id FROM maestro.execution
      WHERE origin_id = ANY (:ids) AND execution_id > :first
      ORDER BY origin_id, execution_id DESC
      """;

  private static final String LOG =
      """
      SELECT l.log_id, l.execution_id, l."timestamp", l.level, l.kind, l.step, l.attempt, l.message,
        l.duration_us, l.input_glimpse, l.output_glimpse,
        left(coalesce(l.recorded, b.body), :glimpse + 1) AS recorded, l.recorded_bytes
      FROM maestro.execution_log l
      LEFT JOIN maestro.execution_body b USING (execution_id, log_id)
      WHERE l.execution_id = :execution AND l.log_id > :after
      ORDER BY l.log_id
      LIMIT :rows
      """;

  /// What a list is narrowed to; null for what it is not.
  ///
  /// @param name the beginning of a name; capitals do not matter
  /// @param error a code such as `http_503`
  record Filter(
      @Nullable UUID workflow,
      @Nullable ExecutionStatus status,
      @Nullable String trigger,
      @Nullable String name,
      @Nullable String error,
      @Nullable String correlationKey,
      @Nullable Instant from,
      @Nullable Instant to) {
    private static final String WEBHOOK = "webhook";
    private static final Set<String> TRIGGERS = Set.of(WEBHOOK, "api", "retry");

    boolean named() {
      return name != null && !name.isEmpty();
    }

    /// What was sent to narrow a list to a type of trigger.
    static @Nullable String trigger(String field, @Nullable String sent) {
      if (sent != null && !TRIGGERS.contains(sent)) {
        throw Problem.invalid(field, "must be webhook, api or retry");
      }
      return sent;
    }
  }

  private ExecutionReads() {}

  /// The same, with the newest retry of each that has ended; asked for all of them at once.
  ///
  /// @param executions the newest first
  static List<ExecutionViews.Execution> withRetries(
      JdbcClient sql, List<ExecutionViews.Execution> executions) {
    var ended =
        executions.stream()
            .filter(one -> one.status().ended())
            .map(ExecutionViews.Execution::id)
            .toList();
    if (ended.isEmpty()) {
      return executions;
    }
    var retries = new HashMap<UUID, UUID>();
    sql.sql(RETRIES)
        .param("ids", ended.toArray(UUID[]::new))
        .param("first", lowest(at(ended.getLast()).minus(CLOCKS_APART)))
        .query(
            row -> {
              retries.put(row.getObject(1, UUID.class), row.getObject(2, UUID.class));
            });
    return retries.isEmpty()
        ? executions
        : executions.stream().map(one -> one.retriedBy(retries.get(one.id()))).toList();
  }

  /// What executions `e` have to be.
  static void narrow(Filter filter, List<String> conditions, Map<String, Object> parameters) {
    narrowButByName(filter, conditions, parameters);
    narrowByName(filter, conditions, parameters);
  }

  static void narrowButByName(
      Filter filter, List<String> conditions, Map<String, Object> parameters) {
    // Named again beside the policy, so that the index that begins with it can be used.
    conditions.add("e.tenant_id = (SELECT control.current_tenant())");
    add(conditions, parameters, "e.workflow_id = :workflow", "workflow", filter.workflow);
    if (filter.status != null) {
      add(conditions, parameters, "e.status = :status", "status", filter.status.key());
      conditions.add(filter.status.ended() ? "e.ended" : "NOT e.ended");
      if (filter.status.ended() && filter.status != ExecutionStatus.SUCCESS) {
        conditions.add("e.status <> 'success'");
      }
    }
    add(conditions, parameters, "e.trigger_type = :trigger", "trigger", filter.trigger);
    if (filter.trigger != null && !filter.trigger.equals(Filter.WEBHOOK)) {
      // What the index of the others says of itself.
      conditions.add("e.trigger_type <> 'webhook'");
    }
    add(
        conditions,
        parameters,
        "e.outcome = :error AND e.status <> 'success'",
        "error",
        filter.error);
    add(
        conditions,
        parameters,
        "e.correlation_key = :correlation",
        "correlation",
        filter.correlationKey);
    // Ids are in the order of time, so a time is a place among them.
    if (filter.from != null) {
      add(conditions, parameters, "e.execution_id >= :from", "from", lowest(filter.from));
    }
    if (filter.to != null) {
      add(conditions, parameters, "e.execution_id < :to", "to", lowest(filter.to));
    }
  }

  static void narrowByName(Filter filter, List<String> conditions, Map<String, Object> parameters) {
    if (filter.named()) {
      add(conditions, parameters, "e.name_key ~>=~ lower(:name)", "name", filter.name);
      add(
          conditions,
          parameters,
          "e.name_key ~<~ (lower(:name) || :last_character)",
          "last_character",
          LAST_CHARACTER);
    }
  }

  /// How many open ones there are.
  static int countOpen(JdbcClient sql, Filter filter) {
    var conditions = new ArrayList<>(List.of("NOT e.ended"));
    Map<String, Object> parameters = new LinkedHashMap<>();
    narrow(filter, conditions, parameters);
    return sql.sql(
            "SELECT count(*) FROM maestro.execution e WHERE " + String.join(" AND ", conditions))
        .params(parameters)
        .query(Integer.class)
        .single();
  }

  /// The first open ones.
  static List<UUID> open(JdbcClient sql, Filter filter, int max) {
    var conditions = new ArrayList<>(List.of("NOT e.ended"));
    Map<String, Object> parameters = new LinkedHashMap<>();
    narrow(filter, conditions, parameters);
    return sql.sql(
            "SELECT e.execution_id FROM maestro.execution e WHERE "
                + String.join(" AND ", conditions)
                + " ORDER BY e.execution_id LIMIT "
                + max)
        .params(parameters)
        .query(UUID.class)
        .list();
  }

  /// The little that is asked of many.
  record Few(UUID id, UUID workflow, boolean ended) {}

  static List<Few> few(JdbcClient sql, Collection<UUID> executions) {
    return sql.sql(
            """
            SELECT execution_id, workflow_id, ended FROM maestro.execution
            WHERE execution_id = ANY (:ids) ORDER BY execution_id
            """)
        .param("ids", executions.toArray(UUID[]::new))
        .query(
            (row, number) ->
                new Few(
                    row.getObject(1, UUID.class), row.getObject(2, UUID.class), row.getBoolean(3)))
        .list();
  }

  static void add(
      List<String> conditions,
      Map<String, Object> parameters,
      String condition,
      String name,
      @Nullable Object value) {
    if (value != null) {
      conditions.add(condition);
      parameters.put(name, value);
    }
  }

  /// When it was taken in, as its id says.
  static Instant at(UUID execution) {
    return Instant.ofEpochMilli(execution.getMostSignificantBits() >>> 16);
  }

  static UUID lowest(Instant at) {
    var within =
        at.isBefore(Instant.EPOCH)
            ? Instant.EPOCH
            : at.isAfter(Interventions.NEVER) ? Interventions.NEVER : at;
    return new UUID(within.toEpochMilli() << 16, 0);
  }

  static Optional<ExecutionViews.Execution> one(JdbcClient sql, UUID execution) {
    return sql.sql(ONE)
        .param("execution", execution)
        .query((row, number) -> execution(row))
        .optional()
        .map(one -> withRetries(sql, List.of(one)).getFirst());
  }

  static Page<ExecutionViews.LogEntry> log(JdbcClient sql, UUID execution, PageRequest page) {
    // Only whether: what else is told of an open one is counted from its log, for each page anew.
    var known =
        sql.sql("SELECT EXISTS (SELECT FROM maestro.execution WHERE execution_id = :execution)")
            .param("execution", execution)
            .query(Boolean.class)
            .single();
    if (!known) {
      throw Problem.notFound("execution", execution);
    }
    var after = page.after(LOG_LIST, 1).map(cursor -> cursor.number(0)).orElse(-1L);
    var rows =
        sql.sql(LOG)
            .param("execution", execution)
            .param("after", after)
            .param("glimpse", Glimpses.CHARS_MAX)
            .param("rows", page.rows())
            .query((row, number) -> entry(row))
            .list();
    return Page.of(rows, page, last -> Cursor.of(LOG_LIST, last.logId()));
  }

  static ExecutionViews.Execution execution(ResultSet row) throws SQLException {
    var readyAt = time(row, "ready_at");
    var waitingFor = row.getString("waiting_for");
    return new ExecutionViews.Execution(
        row.getObject("execution_id", UUID.class),
        row.getObject("workflow_id", UUID.class),
        row.getInt("version"),
        ExecutionStatus.of(row.getString("status")),
        row.getString("trigger_type"),
        row.getString("trigger_key"),
        row.getString("name"),
        row.getString("correlation_key"),
        row.getObject("created_at", OffsetDateTime.class).toInstant(),
        time(row, "started_at"),
        time(row, "finished_at"),
        row.getString("outcome"),
        row.getString("outcome_message"),
        row.getString("outcome_step"),
        row.getObject("origin_id", UUID.class),
        null,
        row.getString("from_step"),
        row.getObject("started_by", UUID.class),
        waitingFor,
        waitingFor == null || readyAt == null || !readyAt.isBefore(Interventions.NEVER)
            ? null
            : readyAt,
        row.getObject("steps_done") instanceof Number steps ? steps.intValue() : null,
        row.getLong("worker_us") / 1_000.0);
  }

  private static ExecutionViews.LogEntry entry(ResultSet row) throws SQLException {
    var kind = LogLine.Kind.of(row.getString("kind"));
    var recorded = row.getString("recorded");
    var glimpse = row.getString("output_glimpse");
    var us = row.getObject("duration_us", Long.class);
    var timed = us != null && us > 0;
    return new ExecutionViews.LogEntry(
        row.getInt("log_id"),
        row.getObject("execution_id", UUID.class),
        row.getObject("timestamp", OffsetDateTime.class).toInstant(),
        row.getString("level"),
        kind.key,
        row.getString("step"),
        row.getObject("attempt", Integer.class),
        row.getString("message"),
        timed ? us / 1_000.0 : null,
        row.getString("input_glimpse"),
        glimpse != null || recorded == null ? glimpse : Glimpses.cut(recorded),
        recorded == null ? null : row.getInt("recorded_bytes"));
  }

  private static @Nullable Instant time(ResultSet row, String column) throws SQLException {
    var at = row.getObject(column, OffsetDateTime.class);
    return at == null ? null : at.toInstant();
  }
}
