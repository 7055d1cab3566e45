package io.claritystream;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Role;
import io.claritystream.base.http.RouteTable.Route;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A tenant that has one of each kind of thing that an address can name. Its mark is in the texts
/// of all of them, so that an answer which holds something of it can be told.
final class Estate {
  private static final TableSchema SITES = Capture.table("sites", "id int4 key", "name text");
  private static final TableSchema PUMPS =
      Capture.table("pumps", "id int4 key", "site_id int4 -> sites(id)", "name text", "maker text");
  private static final TableSchema STOPS =
      Capture.table(
          "pump_stops",
          "id int4 key",
          "pump_id int4 -> pumps(id)",
          "started_at timestamptz",
          "ended_at timestamptz",
          "reason text");

  private static final String DOCUMENT =
      """
      {"name": "%s",
       "triggers": [{"id": "hook", "type": "webhook"}, {"id": "api", "type": "api"}],
       "steps": [{"id": "map", "type": "transform", "input": {"a": "=trigger"}, "config": {"expression": "a"}}],
       "edges": [{"from": "hook", "to": "map"}, {"from": "api", "to": "map"}]}
      """;

  /// What is named by words that are the same in every tenant.
  private static final Map<String, String> WORDS =
      Map.of("versions/{version}", "1", "triggers/{key}", "hook", "steps/{step}", "map");

  /// Tables with a tenant; of those with partitions the leaves.
  private static final String TENANT_TABLES =
      """
      SELECT format('%I.%I', n.nspname, c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relkind = 'r' AND n.nspname IN ('control', 'bronze', 'analytics', 'maestro')
      ORDER BY 1
      """;

  private static final String PEOPLE =
      """
      SELECT 'people', count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '')
      FROM control.user_account t
      WHERE user_id IN (SELECT m.user_id FROM control.members m WHERE m.tenant_id = :tenant)
      """;

  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final TestServer server;
  private final Registered owner;
  private final String mark;
  private final Map<String, String> things = new HashMap<>();

  private Estate(TestServer server, Registered owner, String mark) {
    this.server = server;
    this.owner = owner;
    this.mark = mark;
  }

  /// @param mark a word that stands nowhere else
  static Estate of(TestServer server, String mark) {
    Estate estate = new Estate(server, server.client().register(mark + "@example.com"), mark);
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE control.dim_tenant SET name = :mark, plan = 'enterprise'
            WHERE tenant_id = CAST(:tenant AS uuid)
            """)
        .param("mark", mark)
        .param("tenant", estate.owner.organizationId())
        .update();
    estate.renew();
    return estate;
  }

  static Map<String, String> settings() {
    return Map.of(
        "clarity.identity.registrations-by-address", "100000",
        "clarity.identity.refreshes-by-address", "100000",
        "clarity.identity.sign-ins-by-address", "100000",
        "clarity.identity.invitations-by-person", "100000",
        "clarity.identity.organizations-by-person", "100000");
  }

  Registered owner() {
    return owner;
  }

  String organization() {
    return owner.organizationId();
  }

  /// A new person of the tenant, signed in there.
  ApiClient join(Role role) {
    String email = role.key() + NUMBERS.incrementAndGet() + "-" + mark + "@example.com";
    Answer invited =
        owner
            .client()
            .post(
                "/v1/organizations/" + organization() + "/users",
                Map.of("email", email, "role", role.key()));
    assertThat(invited.status()).as(invited.response().body()).isEqualTo(201);
    Map<String, Object> body = ApiClient.registration(email, "a long enough secret of " + email);
    body.remove("organization");
    body.put("invitation", invited.text("token"));
    Answer joined = server.client().post("/v1/auth/register", body);
    assertThat(joined.status()).as(joined.response().body()).isEqualTo(201);
    return server.client().bearer(joined.text("access_token"));
  }

  /// Whether a variable stands for the id of something.
  static boolean isId(String variable) {
    return !WORDS.containsKey(variable);
  }

  /// What is put in a variable's place; the variable as a route has it.
  String id(String variable) {
    String value = WORDS.getOrDefault(variable, things.get(variable));
    assertThat(value)
        .as("what " + variable + " stands for: say what one is, in Estate")
        .isNotNull();
    return value;
  }

  /// What is put in the variables' places, one way after the other: an execution may have ended,
  /// and may not.
  List<UnaryOperator<String>> ways(Route route) {
    String execution = "executions/{execution_id}";
    return route.variables().contains(execution)
        ? List.of(
            this::id, variable -> id(variable.equals(execution) ? "executions/open" : variable))
        : List.of(this::id);
  }

  /// What a parameter of a query stands for.
  String parameter(String name) {
    return id(
        switch (name) {
          case "connector_id" -> "connectors/{id}";
          case "source_id" -> "sources/{id}";
          case "site_id" -> "sites/{id}";
          case "device_id", "entity_id" -> "devices/{id}";
          case "workflow_id" -> "workflows/{id}";
          default -> name;
        });
  }

  /// Asks for a route with what it takes.
  Answer send(ApiClient client, Route route, UnaryOperator<String> values) {
    ApiClient as = route.pattern().endsWith("/draft") ? client.with("If-Match", "*") : client;
    return as.send(route.verb(), route.path(values) + query(route), body(route));
  }

  /// What a route cannot do without, and what has it do more.
  static String query(Route route) {
    return switch (route.toString()) {
      case "GET /v1/metrics/series", "PUT /v1/metrics/pin", "DELETE /v1/metrics/pin" ->
          "?key=flow_l_min";
      case "PATCH /v1/sources/{id}/tables" -> "?table=public.pumps";
      case "DELETE /v1/connections/{id}" -> "?force=true";
      default -> "";
    };
  }

  /// What a route takes, none of it marked; null if nothing.
  @Nullable String body(Route route) {
    int number = NUMBERS.incrementAndGet();
    return switch (route.toString()) {
      case "POST /v1/agents/pairing-codes",
          "POST /v1/workflows",
          "POST /v1/workflows/{id}/duplicate",
          "PATCH /v1/connections/{id}" ->
          "{\"name\": \"Anew %d\"}".formatted(number);
      case "POST /v1/auth/switch" -> "{\"organization_id\": \"%s\"}".formatted(organization());
      case "POST /v1/connections" ->
          "{\"connector_id\": \"%s\", \"name\": \"Anew %d\", \"config\": {\"auth\": \"none\"}}"
              .formatted(id("connectors/{id}"), number);
      case "POST /v1/connectors" -> "{\"name\": \"Anew %d\", \"type\": \"http\"}".formatted(number);
      case "POST /v1/executions/cancel" -> "{\"ids\": [\"%s\"]}".formatted(id("executions/open"));
      case "POST /v1/executions/{execution_id}/resolve" -> "{\"decision\": \"failed\"}";
      case "POST /v1/expressions/preview" -> "{\"expression\": \"1\", \"input\": {}}";
      case "POST /v1/invitations/accept" -> "{\"invitation\": \"none\"}";
      case "POST /v1/organizations" ->
          "{\"name\": \"Anew %d\", \"industry\": \"food-and-beverage\", \"region\": \"eu-west\"}"
              .formatted(number);
      case "PATCH /v1/organizations/{org_id}" -> "{\"name\": \"Anew %d\"}".formatted(number);
      case "POST /v1/organizations/{org_id}/users" ->
          "{\"email\": \"anew-%d@example.com\", \"role\": \"viewer\"}".formatted(number);
      case "PATCH /v1/organizations/{org_id}/users/{user_id}" -> "{\"role\": \"operator\"}";
      case "PATCH /v1/sources/{id}" -> "{\"acknowledge\": \"spool\"}";
      case "PATCH /v1/sources/{id}/tables" -> "{\"on_delete\": \"keep\"}";
      case "POST /v1/sources/{id}/snapshots" -> "{\"tables\": []}";
      case "POST /v1/workflows/import", "PUT /v1/workflows/{id}/draft" ->
          DOCUMENT.formatted("Anew " + number);
      case "POST /v1/workflows/{id}/validate" ->
          "{\"document\": " + DOCUMENT.formatted("Anew " + number) + "}";
      case "POST /v1/workflows/{id}/rollback" -> "{\"version\": 1}";
      case "POST /v1/workflows/{workflow_id}/executions" -> "{\"input\": {}}";
      case "PUT /v1/workflows/{id}/grants/{user_id}" -> "{\"access\": \"edit\"}";
      case "POST /v1/executions/{execution_id}/retry" -> "{\"from_step\": \"map\"}";
      case "POST /v1/redrives",
          "POST /v1/workflows/{id}/publish",
          "POST /v1/workflows/{id}/triggers/{key}/rotate" ->
          "{}";
      default -> null;
    };
  }

  /// What of this tenant stands in a text.
  List<String> traces(String text) {
    return Stream.concat(
            Stream.of(mark, organization(), owner.session().at("/user/id").asString()),
            things.values().stream())
        .filter(text::contains)
        .sorted()
        .toList();
  }

  /// What of this tenant stands in an answer, beside what was asked for by name.
  List<String> traces(Answer answer, Route route, UnaryOperator<String> values) {
    String text = answer.response().body();
    for (String variable : route.variables()) {
      text = isId(variable) ? text.replace(values.apply(variable), "") : text;
    }
    String sent = String.valueOf(body(route));
    for (String thing : things.values()) {
      text = sent.contains(thing) ? text.replace(thing, "") : text;
    }
    return traces(text);
  }

  /// Each table's rows of this tenant: how many, and what is in them.
  Map<String, String> rows() {
    String each =
        server.database().superuser().sql(TENANT_TABLES).query(String.class).list().stream()
            .map(
                table ->
                    """
                    SELECT '%1$s' AS part,
                      count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS rows
                    FROM %1$s t WHERE tenant_id = :tenant
                    """
                        .formatted(table))
            .collect(Collectors.joining(" UNION ALL ", "", " UNION ALL " + PEOPLE));
    Map<String, String> rows = new TreeMap<>();
    server
        .database()
        .superuser()
        .sql(each)
        .param("tenant", UUID.fromString(organization()))
        .query(
            row -> {
              rows.put(row.getString(1), row.getString(2));
            });
    return rows;
  }

  /// Makes one of each kind again; those that were here, but for redrives, stay as they are.
  void renew() {
    Map<String, Object> facts = new HashMap<>();
    UUID tenant = UUID.fromString(organization());
    facts.put("tenant", tenant);
    facts.put("person", UUID.fromString(owner.session().at("/user/id").asString()));
    facts.put("mark", mark);
    facts.put("email", mark + NUMBERS.incrementAndGet() + "@example.com");
    for (String one : List.of("source", "snapshot", "rebuild", "letter", "code", "invitation")) {
      facts.put(one, UUID.randomUUID());
    }
    for (String one : List.of("event", "ended", "open")) {
      facts.put(one, ofToday());
    }
    fold(tenant, (UUID) facts.get("source"));
    facts.put("member", server.database().person(new TenantId(tenant), "viewer").value());
    String workflow = workflow();
    facts.put("workflow", UUID.fromString(workflow));
    STATEMENTS.forEach(
        statement -> {
          var sql = server.database().superuser().sql(statement).params(facts);
          if (statement.startsWith("SELECT")) {
            sql.query().listOfRows();
          } else {
            assertThat(sql.update()).as(statement).isPositive();
          }
        });
    things.put("organizations/{org_id}", organization());
    things.put("users/{user_id}", facts.get("member").toString());
    things.put("grants/{user_id}", facts.get("member").toString());
    things.put("invitations/{invitation_id}", facts.get("invitation").toString());
    things.put("pairing-codes/{id}", facts.get("code").toString());
    things.put("sources/{id}", facts.get("source").toString());
    things.put("snapshots/{snapshot}", facts.get("snapshot").toString());
    things.put("rebuilds/{rebuild}", facts.get("rebuild").toString());
    things.put("dead-letters/{id}", facts.get("letter").toString());
    things.put("events/{event_id}", facts.get("event").toString());
    things.put("agents/{id}", found("agent_id", "control.source", facts));
    things.put("devices/{id}", found("device_id", "analytics.devices", facts));
    things.put("sites/{id}", found("site_id", "analytics.sites", facts));
    things.put("workflows/{id}", workflow);
    things.put("workflows/{workflow_id}", workflow);
    things.put("executions/{execution_id}", facts.get("ended").toString());
    things.put("executions/open", facts.get("open").toString());
    // So many may be under way.
    server
        .database()
        .superuser()
        .sql("DELETE FROM maestro.redrive WHERE tenant_id = :tenant")
        .params(facts)
        .update();
    things.put("redrives/{redrive_id}", made("/v1/redrives", "{}"));
    String connector =
        made(
            "/v1/connectors",
            "{\"name\": \"%s %d\", \"type\": \"http\", \"config\": {\"base_url\": \"https://erp.example.com\"}}"
                .formatted(mark, NUMBERS.incrementAndGet()));
    things.put("connectors/{id}", connector);
    things.put(
        "connections/{id}",
        made(
            "/v1/connections",
            "{\"connector_id\": \"%s\", \"name\": \"%s %d\", \"config\": {\"auth\": \"bearer\"}, \"secret\": \"%s-token\"}"
                .formatted(connector, mark, NUMBERS.incrementAndGet(), mark)));
  }

  private void fold(UUID tenant, UUID source) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    TableSchema readings =
        Capture.table(
            "pump_readings",
            "pump_id int4 -> pumps(id)",
            "ts timestamptz",
            "flow_l_min float8",
            mark + "_bar float8");
    new ReadModels(server.database(), tenant, source)
        .apply(
            new Capture()
                .insertAt(now, SITES, 1, mark + " site")
                .insertAt(now, PUMPS, 1, 1, mark + " pump", mark + " works")
                .insertAt(now, readings, 1, now, 100, 3)
                .insertAt(now, STOPS, 1, 1, now, null, mark + " reason")
                .take());
  }

  private String workflow() {
    String document = DOCUMENT.formatted(mark + " " + NUMBERS.incrementAndGet());
    String id = made("/v1/workflows", "{\"document\": " + document + "}");
    Answer published = owner.client().post("/v1/workflows/" + id + "/publish", "{}");
    assertThat(published.status()).as(published.response().body()).isEqualTo(200);
    return id;
  }

  private String made(String path, String body) {
    Answer made = owner.client().post(path, body);
    assertThat(made.status()).as(made.response().body()).isIn(201, 202);
    return made.text("id");
  }

  private String found(String column, String table, Map<String, Object> facts) {
    return server
        .database()
        .superuser()
        .sql("SELECT " + column + " FROM " + table + " WHERE source_id = :source")
        .params(facts)
        .query(String.class)
        .single();
  }

  /// An id with the time in front.
  private static UUID ofToday() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return new UUID(
        System.currentTimeMillis() << 16 | 7L << 12 | random.nextInt(1 << 12),
        1L << 63 | random.nextLong() >>> 2);
  }

  /// What no route makes, or not so that it stays as it is.
  private static final List<String> STATEMENTS =
      List.of(
          "SELECT bronze.create_day(CAST(now() AT TIME ZONE 'UTC' AS date))",
          "SELECT maestro.create_day(CAST(now() AT TIME ZONE 'UTC' AS date))",
          "UPDATE control.source SET name = :mark WHERE source_id = :source",
          """
          UPDATE control.agent a SET name = :mark
          FROM control.source s WHERE s.source_id = :source AND a.agent_id = s.agent_id
          """,
          """
          INSERT INTO control.checkpoint_source (source_id, tenant_id, model_id, epoch, session,
            bronze_seq, applied_seq, digest, position, position_seq, events_total, updated_at)
          SELECT source_id, tenant_id, model_id, 1, 1, 40, 40, '', '', 40, 40, now()
          FROM analytics.model WHERE source_id = :source
          """,
          """
          INSERT INTO control.source_status (source_id, tenant_id, session, state, detail,
            captured_seq, spool_bytes, spool_limit_bytes, lag_bytes, position, events_per_s, reported_at)
          VALUES (:source, :tenant, 1, 'streaming', :mark, 0, 0, 0, 0, '0/0', 0, now())
          """,
          """
          INSERT INTO control.source_gap (source_id, gap_id, tenant_id, revision, cause, words, noticed_at)
          VALUES (:source, gen_random_uuid(), :tenant, 1, 'other', :mark, now())
          """,
          """
          INSERT INTO control.source_snapshot (snapshot_id, tenant_id, source_id, tables, state, requested_at)
          VALUES (:snapshot, :tenant, :source, '{}', 'asked', now())
          """,
          """
          INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at)
          VALUES (:rebuild, :tenant, :source, 'waiting', now())
          """,
          """
          INSERT INTO control.dead_letter (dead_letter_id, tenant_id, source_id, epoch, seq, seq_end,
            table_name, row_key, cause, detail, sample, at)
          VALUES (:letter, :tenant, :source, 1, 7, 7, 'public.pumps', '1', 'fold_failed', :mark, '{}', now())
          """,
          """
          INSERT INTO bronze.cdc_events (event_id, tenant_id, source_id, epoch, seq, op, table_name,
            schema_version, lsn, event_time, payload)
          VALUES (:event, :tenant, :source, 1, 1, 'insert', 'public.pumps', 1, '0/0', now(),
            jsonb_build_object('after', jsonb_build_object('name', CAST(:mark AS text))))
          """,
          """
          INSERT INTO control.pairing_code (pairing_code_id, tenant_id, secret_hash, agent_name, created_at,
            created_by, expires_at)
          VALUES (:code, :tenant, uuid_send(gen_random_uuid()), :mark, now(), :person, now() + interval '1 day')
          """,
          """
          INSERT INTO control.invitation (invitation_id, tenant_id, email, name, role, token_hash,
            invited_by, created_at, expires_at)
          VALUES (:invitation, :tenant, :email, :mark, 'viewer', uuid_send(gen_random_uuid()), :person, now(),
            now() + interval '7 days')
          """,
          "UPDATE control.user_account SET name = :mark WHERE user_id = :member",
          """
          INSERT INTO maestro.workflow_grant (tenant_id, workflow_id, user_id, access, granted_by, granted_at)
          VALUES (:tenant, :workflow, :member, 'run', :person, now())
          """,
          """
          INSERT INTO maestro.execution (execution_id, ended, tenant_id, workflow_id, version, status, trigger_type,
            trigger_key, name, name_key, created_at, finished_at, outcome, effects_of, steps_done, worker_us,
            lease_epoch)
          VALUES (:ended, true, :tenant, :workflow, 1, 'success', 'api', 'api', :mark, :mark, now(), now(), 'success',
            :ended, 1, 0, 1)
          """,
          """
          INSERT INTO maestro.execution (execution_id, ended, tenant_id, workflow_id, version, status, trigger_type,
            trigger_key, name, name_key, created_at, effects_of, steps_done, worker_us, lease_epoch, ready_at,
            waiting_for)
          VALUES (:open, false, :tenant, :workflow, 1, 'waiting', 'api', 'api', :mark, :mark, now(), :open, 0, 0, 1,
            now() + interval '10 days', 'retry')
          """,
          """
          INSERT INTO maestro.execution_log (execution_id, log_id, tenant_id, "timestamp", level, kind, step, attempt,
            message, recorded, recorded_bytes)
          VALUES (:ended, 0, :tenant, now(), 'info', 'trigger', NULL, NULL, :mark, '"' || :mark || '"', 9),
            (:ended, 1, :tenant, now(), 'info', 'succeeded', 'map', 1, :mark, '"' || :mark || '"', 9),
            (:open, 0, :tenant, now(), 'info', 'trigger', NULL, NULL, :mark, '"' || :mark || '"', 9)
          """,
          """
          INSERT INTO control.metric_pin (tenant_id, user_id, key, pinned_at)
          VALUES (:tenant, :person, 'pinned by ' || :mark, now()) ON CONFLICT (tenant_id, user_id, key)
          DO UPDATE SET pinned_at = now()
          """);
}
