package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.db.TestDatabase;
import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;

/// How long executions are kept, and for whom.
class HistoryCleanerTests {
  private TestDatabase database;
  private JdbcClient superuser;
  private TenantTransactions transactions;
  private TenantId longer;
  private TenantId shorter;
  private LocalDate today;

  @BeforeEach
  void begin() {
    database = TestDatabase.create();
    superuser = database.superuser();
    transactions = database.tenantTransactions();
    longer = database.tenant("Longer");
    shorter = database.tenant("Shorter");
    plan(longer, "enterprise");
    plan(shorter, "starter");
    today = LocalDate.now(ZoneOffset.UTC);
  }

  @AfterEach
  void end() {
    database.close();
  }

  private void plan(TenantId tenant, String plan) {
    superuser
        .sql("UPDATE control.dim_tenant SET plan = :plan WHERE tenant_id = :tenant")
        .param("plan", plan)
        .param("tenant", tenant.value())
        .update();
  }

  private static final String INSERT =
      """
      INSERT INTO maestro.execution (execution_id, ended, tenant_id, workflow_id, version, status, trigger_type,
        name, correlation_key, created_at, finished_at, outcome, effects_of, steps_done, worker_us, lease_epoch, ready_at)
      SELECT :id, :ended, :tenant, :workflow, 1, CASE WHEN :ended THEN 'failed' ELSE 'pending' END, 'api', 'n', 'k',
        now(), CASE WHEN :ended THEN now() END, CASE WHEN :ended THEN 'fail' END, :id, 0, 0, 1, now()
      """;

  private UUID execution(TenantId tenant, int daysAgo, boolean ended) {
    superuser
        .sql("SELECT maestro.create_day(:day)")
        .param("day", today.minusDays(daysAgo))
        .query(Boolean.class)
        .single();
    var id = ExecutionIds.next(today.minusDays(daysAgo).atTime(12, 0).toInstant(ZoneOffset.UTC));
    superuser
        .sql(INSERT)
        .param("id", id)
        .param("ended", ended)
        .param("tenant", tenant.value())
        .param("workflow", new UUID(1, 1))
        .update();
    superuser
        .sql(
            """
            INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, message)
            VALUES (:id, 0, :tenant, now(), 'info', 'trigger', 'Started')
            """)
        .param("id", id)
        .param("tenant", tenant.value())
        .update();
    superuser
        .sql(
            "INSERT INTO maestro.execution_body (execution_id, log_id, tenant_id, body) VALUES (:id, 0, :tenant, '{}')")
        .param("id", id)
        .param("tenant", tenant.value())
        .update();
    return id;
  }

  private List<UUID> seen(TenantId tenant, String table) {
    return transactions.read(
        tenant,
        sql ->
            sql.sql("SELECT execution_id FROM " + table + " ORDER BY execution_id")
                .query(UUID.class)
                .list());
  }

  private List<UUID> there(String table) {
    return superuser
        .sql("SELECT execution_id FROM " + table + " ORDER BY execution_id")
        .query(UUID.class)
        .list();
  }

  private void clean(int hour) throws Exception {
    var now = today.atTime(hour, 0).toInstant(ZoneOffset.UTC);
    try (var cleaner = new HistoryCleaner(database.dataSource("engine"), Clock.systemUTC())) {
      cleaner.clean(now);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"maestro.execution", "maestro.execution_log", "maestro.execution_body"})
  void what_is_beyond_the_term_of_the_plan_is_hidden_at_once_unless_it_is_open(String table) {
    var hidden = execution(shorter, 8, true);
    var open = execution(shorter, 8, false);
    var kept = execution(shorter, 7, true);
    var ofLonger = execution(longer, 8, true);

    assertThat(seen(shorter, table)).containsExactlyInAnyOrder(open, kept);
    assertThat(seen(longer, table)).containsExactly(ofLonger);

    plan(shorter, "standard");
    assertThat(seen(shorter, table)).containsExactlyInAnyOrder(hidden, open, kept);
  }

  @ParameterizedTest
  @ValueSource(strings = {"maestro.execution", "maestro.execution_log", "maestro.execution_body"})
  void by_night_what_is_hidden_is_deleted_and_nothing_else(String table) throws Exception {
    execution(shorter, 8, true);
    execution(shorter, 30, true);
    var open = execution(shorter, 30, false);
    var kept = execution(shorter, 7, true);
    var ofLonger = execution(longer, 30, true);

    clean(3);

    assertThat(there(table)).containsExactlyInAnyOrder(open, kept, ofLonger);
  }

  @Test
  void by_day_only_what_nights_have_left_is_deleted() throws Exception {
    var ofTonight = execution(shorter, 8, true);
    execution(shorter, 10, true);

    clean(12);

    assertThat(there("maestro.execution")).containsExactly(ofTonight);
  }

  @Test
  void days_beyond_the_longest_term_are_dropped_but_for_those_with_open_executions()
      throws Exception {
    execution(longer, 366, true);
    var open = execution(longer, 367, false);
    var ofThatDay = execution(longer, 367, true);
    var kept = execution(longer, 365, true);

    clean(12);

    assertThat(there("maestro.execution")).containsExactlyInAnyOrder(open, ofThatDay, kept);
    var dropped = today.minusDays(366).toString().replace("-", "");
    for (var table : List.of("execution_ended", "execution_log", "execution_body")) {
      assertThat(
              superuser
                  .sql("SELECT to_regclass('maestro." + table + "_" + dropped + "') IS NULL")
                  .query(Boolean.class)
                  .single())
          .as(table)
          .isTrue();
    }
  }

  @Test
  void of_two_processes_one_cleans_at_a_time() throws Exception {
    var over = execution(shorter, 30, true);
    try (var other = database.dataSource("engine").getConnection()) {
      other.setAutoCommit(false);
      try (var lease = other.createStatement()) {
        lease.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('maestro.history cleaner', 0))");
      }
      clean(3);
      assertThat(there("maestro.execution")).containsExactly(over);
      other.rollback();
    }
    clean(3);
    assertThat(there("maestro.execution")).isEmpty();
  }
}
