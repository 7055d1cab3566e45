package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.TestDatabase;
import io.claritystream.base.http.PageRequest;
import io.claritystream.maestro.engine.ExecutionReads.Filter;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Lists of executions: that they are whole, and that little is read for them.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExecutionListTests {
  private static final int PAGE = 50;

  /// What the plan `standard` keeps.
  private static final int KEPT_DAYS = 30;

  private final TestDatabase database = TestDatabase.create();
  private final JdbcClient superuser = database.superuser();
  private final TenantTransactions transactions = database.tenantTransactions();
  private final LocalDate today = LocalDate.now(ZoneOffset.UTC);
  private TenantId tenant;

  @BeforeAll
  void make_days() {
    superuser
        .sql(
            """
            SELECT count(*) FROM generate_series(:first, :last, interval '1 day') AS day,
              LATERAL (SELECT maestro.create_day(day::date)) AS made
            """)
        .param("first", today.minusDays(40).atStartOfDay())
        .param("last", today.plusDays(1).atStartOfDay())
        .query(Long.class)
        .single();
  }

  @BeforeEach
  void begin() {
    tenant = database.tenant("Lists " + UUID.randomUUID());
    superuser
        .sql("UPDATE control.dim_tenant SET plan = 'standard' WHERE tenant_id = :tenant")
        .param("tenant", tenant.value())
        .update();
  }

  @AfterAll
  void end() {
    database.close();
  }

  private record Made(
      UUID id,
      UUID workflow,
      String status,
      String trigger,
      @Nullable String name,
      String outcome) {
    boolean ended() {
      return ExecutionStatus.of(status).ended();
    }

    boolean fits(Filter filter) {
      return (filter.workflow() == null || filter.workflow().equals(workflow))
          && (filter.status() == null || filter.status().key().equals(status))
          && (filter.trigger() == null || filter.trigger().equals(trigger))
          && (filter.name() == null
              || name != null
                  && name.toLowerCase(Locale.ROOT)
                      .startsWith(filter.name().toLowerCase(Locale.ROOT)))
          && (filter.error() == null || !status.equals("success") && filter.error().equals(outcome))
          && (filter.from() == null || !at().isBefore(filter.from()))
          && (filter.to() == null || at().isBefore(filter.to()));
    }

    Instant at() {
      return Instant.ofEpochMilli(id.getMostSignificantBits() >>> 16);
    }
  }

  private static final String INSERT =
      """
      INSERT INTO maestro.execution (execution_id, ended, tenant_id, workflow_id, version, status, trigger_type,
        name, name_key, created_at, finished_at, outcome, effects_of, steps_done, worker_us, node_id, lease_epoch,
        ready_at)
      VALUES (:id, :ended, :tenant, :workflow, 1, :status, :trigger, :name, lower(:name), now(),
        CASE WHEN :ended THEN now() END, CASE WHEN :ended THEN :outcome END, :id, 0, 0, NULL, 1, now())
      """;

  private void insert(Made one) {
    superuser
        .sql(INSERT)
        .param("id", one.id)
        .param("ended", one.ended())
        .param("tenant", tenant.value())
        .param("workflow", one.workflow)
        .param("status", one.status)
        .param("trigger", one.trigger)
        .param("name", one.name)
        .param("outcome", one.outcome)
        .update();
  }

  private static <T> T one(Random random, List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /// Of three in four nothing.
  private static <T> @Nullable T maybe(Random random, Function<Random, T> value) {
    return random.nextInt(4) == 0 ? value.apply(random) : null;
  }

  @Test
  void whatever_a_list_is_narrowed_to_its_pages_hold_all_of_that_newest_first() {
    var seed = System.nanoTime();
    var random = new Random(seed);
    var workflows = List.of(new UUID(1, 1), new UUID(1, 2), new UUID(1, 3));
    var statuses = List.of("success", "success", "failed", "canceled", "pending", "waiting");
    var triggers = List.of("webhook", "webhook", "api", "retry");
    var names = List.of("Order 1", "order 12", "Order 123", "Ship 7", "ÄRGER");
    var errors = List.of("timeout", "http_503");
    Function<Random, Instant> moment =
        any ->
            today
                .plusDays(1)
                .atStartOfDay()
                .toInstant(ZoneOffset.UTC)
                // Most are young.
                .minusSeconds((long) (Math.pow(any.nextDouble(), 3) * 40 * 86_400))
                .truncatedTo(ChronoUnit.MILLIS);
    List<Made> made = new ArrayList<>();
    for (var i = 0; i < 250; i++) {
      var status = one(random, statuses);
      var one =
          new Made(
              ExecutionIds.next(moment.apply(random)),
              one(random, workflows),
              status,
              one(random, triggers),
              random.nextInt(3) == 0 ? null : one(random, names),
              status.equals("failed") ? one(random, errors) : status);
      insert(one);
      made.add(one);
    }
    made.sort(Comparator.comparing((Made one) -> one.id.toString()).reversed());
    superuser.sql("ANALYZE maestro.execution").update();

    // What has ended before is hidden; what is open is not, however old it is.
    var kept = today.minusDays(KEPT_DAYS).atStartOfDay().toInstant(ZoneOffset.UTC);
    for (var i = 0; i < 60; i++) {
      var filter =
          new Filter(
              maybe(random, any -> one(any, workflows)),
              maybe(random, any -> ExecutionStatus.of(one(any, statuses))),
              maybe(random, any -> one(any, triggers)),
              maybe(random, any -> one(any, List.of("order", "Order 1", "order 12", "ship", "är"))),
              maybe(random, any -> one(any, List.of("timeout", "http_503", "canceled"))),
              null,
              maybe(random, moment),
              maybe(random, moment));
      var limit = 3 + random.nextInt(60);
      List<UUID> listed = new ArrayList<>();
      String cursor = null;
      do {
        var asked = new PageRequest(limit, cursor);
        var page =
            transactions.read(tenant, sql -> ExecutionList.read(sql, filter, asked, Instant.now()));
        page.data().forEach(execution -> listed.add(execution.id()));
        cursor = page.nextCursor();
      } while (cursor != null);
      assertThat(listed)
          .as("%s by %d, seed %d", filter, limit, seed)
          .isEqualTo(
              made.stream()
                  .filter(one -> one.fits(filter))
                  .filter(one -> !one.ended() || !one.at().isBefore(kept))
                  .map(Made::id)
                  .toList());
    }
  }

  /// What the rows of many lists are: ten thousand on each of three days, three of a name that
  /// begins as no other does, four that failed as no other did and four retries; all of them old.
  private void makeMany() {
    for (var day = 0; day < 3; day++) {
      var first =
          today.minusDays(day).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli() << 16;
      superuser
          .sql(
              """
              INSERT INTO maestro.execution_ended (execution_id, ended, tenant_id, workflow_id, version, status,
                trigger_type, name, name_key, correlation_key, created_at, finished_at, outcome, effects_of,
                steps_done, worker_us, lease_epoch)
              SELECT (lpad(to_hex(:first + (n::bigint << 16)), 16, '0') || lpad(to_hex(n), 16, '0'))::uuid, true,
                CASE WHEN n % 9 = 8 THEN md5((n % 9)::text)::uuid ELSE CAST(:tenant AS uuid) END,
                md5((n % 50)::text)::uuid, 1, CASE WHEN n % 20 = 0 THEN 'failed' ELSE 'success' END,
                CASE WHEN :day = 2 AND n < 5 THEN 'retry' ELSE 'webhook' END,
                name, lower(name), 'k' || n % 500, now(), now(),
                CASE WHEN n % 20 > 0 THEN 'success' WHEN :day = 2 AND n < 101 THEN 'timeout' ELSE 'http_503' END,
                gen_random_uuid(), 1, 1, 1
              FROM (SELECT n, CASE WHEN :day = 2 AND n < 4 THEN 'Ship ' ELSE 'Order ' END || n AS name
                FROM generate_series(1, 10000) AS n) AS numbered
              """)
          .param("first", first)
          .param("day", day)
          .param("tenant", tenant.value())
          .update();
    }
    // What is visible to all is read from an index alone.
    superuser.sql("VACUUM (ANALYZE) maestro.execution_ended").update();
  }

  @Test
  void little_is_read_for_a_page_however_rare_or_common_what_it_is_narrowed_to() {
    makeMany();
    var workflow = superuser.sql("SELECT md5('20')::uuid").query(UUID.class).single();
    var yesterday = today.atStartOfDay().toInstant(ZoneOffset.UTC);
    Map<String, Filter> lists = new LinkedHashMap<>();
    lists.put("all", new Filter(null, null, null, null, null, null, null, null));
    lists.put("of a workflow", new Filter(workflow, null, null, null, null, null, null, null));
    lists.put(
        "failed", new Filter(null, ExecutionStatus.FAILED, null, null, null, null, null, null));
    lists.put(
        "of a workflow, failed",
        new Filter(workflow, ExecutionStatus.FAILED, null, null, null, null, null, null));
    lists.put(
        "of a workflow, canceled",
        new Filter(workflow, ExecutionStatus.CANCELED, null, null, null, null, null, null));
    lists.put("rare error", new Filter(null, null, null, null, "timeout", null, null, null));
    lists.put("no such error", new Filter(null, null, null, null, "unknown", null, null, null));
    lists.put("retries", new Filter(null, null, "retry", null, null, null, null, null));
    lists.put("none by API", new Filter(null, null, "api", null, null, null, null, null));
    lists.put("common name", new Filter(null, null, null, "Order", null, null, null, null));
    lists.put("rare name", new Filter(null, null, null, "Ship", null, null, null, null));
    lists.put("no such name", new Filter(null, null, null, "Zoo", null, null, null, null));
    lists.put("correlation", new Filter(null, null, null, null, null, "k4", null, null));
    lists.put("before", new Filter(null, null, null, null, null, null, null, yesterday));
    Map<String, Long> read = new LinkedHashMap<>();
    Map<String, Integer> found = new LinkedHashMap<>();
    lists.forEach(
        (what, filter) ->
            read.put(
                what,
                transactions.read(
                    tenant,
                    sql -> {
                      var before = rowsRead(sql);
                      var page =
                          ExecutionList.read(
                              sql, filter, new PageRequest(PAGE, null), Instant.now());
                      found.put(what, page.data().size());
                      return rowsRead(sql) - before;
                    })));
    assertThat(found)
        .containsEntry("common name", PAGE)
        .containsEntry("rare name", 3)
        .containsEntry("no such name", 0)
        .containsEntry("rare error", 4)
        .containsEntry("retries", 4);
    // Of the nine thousand that a day has. Those of a name are looked for among the newest of each
    // span before its index is asked.
    assertThat(read)
        .allSatisfy(
            (what, rows) ->
                assertThat(rows)
                    .as(read.toString())
                    .isLessThanOrEqualTo(what.endsWith("name") ? 5_000 : 2_500));
  }

  /// Of the leaves of executions and of their indexes, by this session.
  private static long rowsRead(JdbcClient sql) {
    return sql.sql(
            """
            SELECT sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::bigint
            FROM pg_class WHERE relname LIKE 'execution_ended_%'
            """)
        .query(Long.class)
        .single();
  }
}
