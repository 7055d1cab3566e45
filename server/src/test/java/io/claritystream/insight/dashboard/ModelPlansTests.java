package io.claritystream.insight.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TestDatabase;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// That people see only live models costs no scan: the policy is the condition of an index.
class ModelPlansTests {
  /// Not the second colon of a cast.
  private static final Pattern NAMES = Pattern.compile("(?<![:\\w]):(\\w+)");

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
    return plan(sql, Map.of());
  }

  private static String plan(String sql, Map<String, ?> params) {
    return explained("(COSTS OFF)", sql, params);
  }

  /// Parameters that are not said are null, as those of a filter are that nobody chose.
  private static String explained(String how, String sql, Map<String, ?> params) {
    return database
        .tenantTransactions()
        .read(
            ours,
            client -> {
              var values = new HashMap<String, Object>();
              var names = NAMES.matcher(sql);
              while (names.find()) {
                values.put(names.group(1), params.get(names.group(1)));
              }
              return String.join(
                  "\n",
                  client
                      .sql("EXPLAIN " + how + " " + sql)
                      .params(values)
                      .query(String.class)
                      .list());
            });
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
    assertThat(plan(Extras.ALL, Map.of("any_type", true, "type", "", "rows", 51)))
        .containsPattern(
            "(?s)Function Scan on unnest.*Limit.*Index (Only )?Scan using extras_num_pkey")
        .contains("model_id = live.model_id");
  }

  @Test
  void what_ends_a_state_and_a_page_of_sessions_follow_from_indexes_in_their_order() {
    var page =
        Map.of("tenant", ours.value(), "lasting", false, "state", "s", "scanned", 50, "rows", 12);
    assertThat(plan(SessionSearch.SELECT, page))
        .containsPattern("(?s)Limit.*Index (Only )?Scan Backward using sessions_started")
        .containsPattern("Index (Only )?Scan using sessions_next")
        .containsPattern("device_id = s(_\\d)?.device_id.*ROW\\(.*started_at, .*born\\) > ROW");
  }

  @Test
  void a_page_looks_for_the_end_of_no_more_states_than_it_looks_at() {
    var page =
        Map.of(
            "tenant", ours.value(), "lasting", true, "state", "running", "scanned", 50, "rows", 12);
    // 50 of each of three models are in the order of their index, and what ends 50 is looked for.
    assertThat(sessionsRead(SessionSearch.SELECT, page)).isLessThan(3 * 50 + 50 + 50 + 10);
  }

  @Test
  void a_summary_reads_nothing_of_what_a_device_did_long_before_its_range() {
    var device = UUID.randomUUID();
    database
        .superuser()
        .sql(
            """
            INSERT INTO analytics.sessions (tenant_id, model_id, session_id, source_id, device_id,
              table_name, state, started_at, ended_at, ends_by, born)
            SELECT m.tenant_id, m.model_id, gen_random_uuid(), m.source_id, :device,
              'public.' || ends_by, 'x', at, CASE ends_by WHEN 'row' THEN at + interval '1 min' END,
              ends_by, i
            FROM (SELECT * FROM analytics.model WHERE tenant_id = :tenant AND state = 'live' LIMIT 1) m,
              unnest(ARRAY['row', 'next']) ends_by,
              generate_series(1, 3000) i,
              CAST(timestamptz '2026-01-01' + i * interval '1 hour' AS timestamptz) at
            """)
        .param("device", device)
        .param("tenant", ours.value())
        .update();
    database.superuser().sql("ANALYZE analytics.sessions").update();
    var from = OffsetDateTime.parse("2026-01-01T00:30:00Z").plusHours(2_995);
    var range =
        Map.of(
            "tenant",
            ours.value(),
            "device",
            device,
            "from",
            from,
            "to",
            from.plusHours(24),
            "now",
            from.plusHours(24),
            "rows",
            1000);
    assertThat(sessionsRead(SessionController.SUMMARY, range)).isBetween(10, 100);
  }

  /// How many rows of `analytics.sessions` were looked at to answer it, by any index and any
  /// filter.
  private static int sessionsRead(String sql, Map<String, ?> params) {
    return sessionsRead(
        new JsonMapper()
            .readTree(explained("(ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON)", sql, params)));
  }

  private static int sessionsRead(JsonNode plan) {
    var rows = 0.0;
    if (plan.path("Relation Name").asString("").equals("sessions")) {
      rows +=
          (plan.path("Actual Rows").asDouble(0) + plan.path("Rows Removed by Filter").asDouble(0))
              * plan.path("Actual Loops").asDouble(0);
    }
    for (var part : plan) {
      rows += part.isContainer() ? sessionsRead(part) : 0;
    }
    return (int) Math.ceil(rows);
  }
}
