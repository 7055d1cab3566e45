package io.claritystream.insight.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// That people see only live models costs no scan: the policy is the condition of an index.
class ModelPlansTests {
  private static TestDatabase database;
  private static TenantId ours;

  @BeforeAll
  static void begin() {
    database = TestDatabase.create();
    ours = database.tenant("ours");
    var theirs = database.tenant("theirs");
    fill(theirs, 30);
    fill(ours, 3);
    database.superuser().sql("ANALYZE").update();
  }

  @AfterAll
  static void end() {
    database.close();
  }

  /// So many live models of the tenant and as many retired ones, each of 200 devices with five
  /// metrics and five extras.
  private static void fill(TenantId tenant, int models) {
    database
        .superuser()
        .sql(
            """
            WITH model AS (
              INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
                applied_epoch, applied_seq, created_at)
              SELECT :tenant, gen_random_uuid(), state, 'first', 1, 1, 1, 0, now()
              FROM generate_series(1, :models), unnest(ARRAY['live', 'retired']) AS state
              RETURNING *),
            device AS (
              INSERT INTO analytics.devices (tenant_id, model_id, device_id, source_id, key, name, kind,
                described, placed)
              SELECT tenant_id, model_id, gen_random_uuid(), source_id, i::text, 'D' || i, 'pump', true, true
              FROM model, generate_series(1, 200) i
              RETURNING *),
            session AS (
              INSERT INTO analytics.sessions (tenant_id, model_id, session_id, source_id, device_id,
                table_name, state, started_at, ends_by, born)
              SELECT tenant_id, model_id, gen_random_uuid(), source_id, device_id, 'public.states',
                'running', timestamptz '2026-01-01' + i * interval '1 hour', 'next', i
              FROM device, generate_series(1, 5) i),
            metric AS (
              INSERT INTO analytics.metric_key (tenant_id, key, name, unit)
              SELECT :tenant, 'm' || i, 'm', '' FROM generate_series(1, 5) i
              RETURNING *),
            extra AS (
              INSERT INTO analytics.extras_num (tenant_id, model_id, entity_id, key, value)
              SELECT tenant_id, model_id, device_id, 'k' || i, i FROM device, generate_series(1, 5) i)
            INSERT INTO analytics.series (tenant_id, model_id, device_id, metric_id)
            SELECT device.tenant_id, model_id, device_id, metric_id FROM device, metric
            """)
        .param("tenant", tenant.value())
        .param("models", models)
        .update();
  }

  private static String plan(String sql) {
    return database
        .tenantTransactions()
        .read(
            ours,
            client ->
                String.join(
                    "\n", client.sql("EXPLAIN (COSTS OFF) " + sql).query(String.class).list()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT name FROM analytics.devices WHERE device_id = gen_random_uuid()",
        "SELECT name FROM analytics.devices ORDER BY name, device_id LIMIT 50",
        "SELECT series_id FROM analytics.series",
        "SELECT value FROM analytics.extras_num WHERE entity_id = gen_random_uuid()",
        "SELECT state FROM analytics.sessions WHERE device_id = gen_random_uuid()",
        "SELECT entity_id FROM analytics.extras_num WHERE key = 'k1' AND value > 3",
        """
        SELECT d.name FROM analytics.metric_key k
        JOIN analytics.series s ON s.metric_id = k.metric_id
        JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
        WHERE k.key = 'm1'
        """
      })
  void the_live_models_are_a_condition_of_an_index(String sql) {
    var plan = plan(sql);
    assertThat(plan)
        .containsPattern("Index Cond: .*model_id = ANY")
        .doesNotContain("Seq Scan on devices")
        .doesNotContain("Seq Scan on series")
        .doesNotContain("Seq Scan on sessions")
        .doesNotContain("Seq Scan on extras_num");
  }

  @Test
  void a_page_of_extras_reads_one_page_of_each_model_in_the_order_of_its_index() {
    assertThat(
            plan(
                """
                SELECT extras.* FROM unnest(analytics.live_models()) AS live (model_id)
                CROSS JOIN LATERAL (
                  SELECT entity_id, key FROM analytics.extras_num
                  WHERE model_id = live.model_id ORDER BY entity_id, key LIMIT 50) extras
                ORDER BY entity_id, key LIMIT 50
                """))
        .containsPattern(
            "(?s)Function Scan on unnest.*Limit.*Index (Only )?Scan using extras_num_pkey")
        .contains("model_id = live.model_id");
  }

  @Test
  void what_ends_a_state_and_a_page_of_sessions_follow_from_indexes_in_their_order() {
    assertThat(
            plan(
                """
                SELECT sessions.* FROM unnest(analytics.live_models()) AS live (model_id)
                CROSS JOIN LATERAL (
                  SELECT session_id, started_at, ended_at FROM analytics.session_intervals
                  WHERE model_id = live.model_id
                  ORDER BY started_at DESC, session_id DESC LIMIT 50) sessions
                ORDER BY started_at DESC, session_id DESC LIMIT 50
                """))
        .containsPattern("(?s)Limit.*Index Scan Backward using sessions_started")
        .containsPattern("Index (Only )?Scan using sessions_next")
        .containsPattern("device_id = s.device_id.*ROW\\(.*started_at, .*born\\) > ROW");
  }
}
