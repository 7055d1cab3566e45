package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Registered;
import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/// Trying many failed executions again.
class RedriveTests {
  private static EngineRig rig;
  private static Counterpart counterpart;
  private static Registered stranger;
  private static TenantId tenant;

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
    counterpart = new Counterpart();
    stranger = rig.server.client().register("stranger@example.com");
    tenant = new TenantId(UUID.fromString(rig.owner.organizationId()));
  }

  @AfterAll
  static void end() {
    rig.close();
    counterpart.close();
  }

  private static EngineRig.Workflow workflow(String path) {
    return rig.publish(
        """
        {"name": "Call", "triggers": [{"id": "api", "type": "api"}],
         "steps": [{"id": "call", "type": "http_request",
           "config": {"method": "POST", "url": "%s", "body": "=trigger"}, "retry": {"count": 0}}],
         "edges": [{"from": "api", "to": "call"}]}
        """
            .formatted(counterpart.url(path)));
  }

  private static List<UUID> failed(EngineRig.Workflow workflow, int count) {
    counterpart.answersWith(503);
    try {
      var inputs = new ArrayList<Integer>();
      for (var i = 0; i < count; i++) {
        inputs.add(i);
      }
      var started =
          rig.owner
              .client()
              .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("inputs", inputs));
      assertThat(started.status()).as(started.response().body()).isEqualTo(202);
      var ids =
          started
              .body()
              .at("/execution_ids")
              .valueStream()
              .map(id -> UUID.fromString(id.asString()))
              .toList();
      ids.forEach(rig::ended);
      return ids;
    } finally {
      counterpart.answersWith(200);
    }
  }

  private static Map<String, Object> of(EngineRig.Workflow workflow) {
    return Map.of("workflow_id", workflow.id());
  }

  private static JsonNode done(String redrive) {
    return Awaitility.await("the end of redrive " + redrive)
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> rig.owner.client().get("/v1/redrives/" + redrive).body(),
            seen -> !seen.at("/state").asString().equals("running"));
  }

  /// The retries of each execution.
  private static List<Integer> retries(List<UUID> origins) {
    return rig.server
        .database()
        .superuser()
        .sql(
            """
            SELECT (SELECT count(*) FROM maestro.execution e WHERE e.origin_id = o.id)
            FROM unnest(CAST(:ids AS uuid[])) AS o (id)
            """)
        .param("ids", origins.toArray(UUID[]::new))
        .query(Integer.class)
        .list();
  }

  @Test
  void all_that_failed_are_tried_again_once_under_their_keys() {
    var workflow = workflow("/all");
    var failed = failed(workflow, 12);
    var other = failed(workflow("/other"), 1);

    var started =
        rig.owner.client().post("/v1/redrives", Map.of("filter", of(workflow), "per_s", 20));

    assertThat(started.status()).as(started.response().body()).isEqualTo(202);
    assertThat(started.body().at("/matched").intValue()).isEqualTo(12);
    assertThat(started.body().at("/filter/status").asString()).isEqualTo("failed");
    var done = done(started.text("id"));
    assertThat(done.at("/state").asString()).isEqualTo("done");
    assertThat(done.at("/started").intValue()).isEqualTo(12);
    assertThat(done.at("/skipped").intValue()).isZero();
    assertThat(retries(failed)).containsOnly(1);
    assertThat(retries(other)).containsOnly(0);
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> counterpart.asked("/all").size() == 24);
    assertThat(counterpart.asked("/all").stream().map(Counterpart.Asked::key).distinct())
        .hasSize(12);
    assertThat(rig.owner.client().get("/v1/redrives").body().at("/data").valueStream())
        .anyMatch(one -> one.at("/id").equals(done.at("/id")));
  }

  @Test
  void what_was_retried_by_hand_and_what_is_disabled_is_skipped() {
    var workflow = workflow("/by-hand");
    var failed = failed(workflow, 3);
    var byHand = rig.owner.client().post("/v1/executions/" + failed.getFirst() + "/retry", "{}");
    rig.ended(UUID.fromString(byHand.text("execution_id")));

    var done =
        done(rig.owner.client().post("/v1/redrives", Map.of("filter", of(workflow))).text("id"));

    assertThat(done.at("/started").intValue()).isEqualTo(2);
    assertThat(done.at("/skipped").intValue()).isEqualTo(1);
    assertThat(retries(failed)).containsOnly(1);

    var off = workflow("/off");
    var dead = failed(off, 2);
    rig.owner.client().post("/v1/workflows/" + off.id() + "/disable", "");
    var skipped =
        done(rig.owner.client().post("/v1/redrives", Map.of("filter", of(off))).text("id"));
    assertThat(skipped.at("/skipped").intValue()).isEqualTo(2);
    assertThat(retries(dead)).containsOnly(0);
  }

  /// Where the process is killed that works on a redrive.
  private enum Killed {
    BEFORE_IT_BEGINS,
    AFTER_THE_PLAN,
    AMID_THE_START,
    AFTER_THE_START,
    AFTER_THE_RETRIES_HAVE_ENDED,
    AFTER_THE_END_OF_A_PORTION
  }

  @Test
  void what_failed_again_is_left_alone_once_a_later_retry_of_its_origin_stands_for_it() {
    var workflow = workflow("/lineage");
    var origin = failed(workflow, 1).getFirst();
    counterpart.answersWith(503);
    var again = retry(origin, Map.of());
    var deeper = retry(again, Map.of());
    counterpart.answersWith(200);
    var mended = retry(origin, Map.of("input", Map.of("n", 2)));
    assertThat(rig.ended(mended).at("/status").asString()).isEqualTo("success");

    var redrive =
        rig.owner.client().post("/v1/redrives", Map.of("filter", of(workflow))).text("id");

    assertThat(done(redrive).at("/started").intValue()).isZero();
    assertThat(retries(List.of(origin, again, deeper, mended))).containsExactly(2, 1, 0, 0);
  }

  private static UUID retry(UUID execution, Map<String, ?> body) {
    var retried = rig.owner.client().post("/v1/executions/" + execution + "/retry", body);
    assertThat(retried.status()).as(retried.response().body()).isEqualTo(202);
    var id = UUID.fromString(retried.text("execution_id"));
    rig.ended(id);
    return id;
  }

  @Test
  void a_process_that_is_killed_at_any_step_doubles_none_and_leaves_none_out() throws Exception {
    for (var killed : Killed.values()) {
      var workflow = workflow("/" + killed);
      var failed = failed(workflow, 6);
      var redriver =
          new Redriver(
              rig.server.database().dataSource("engine"),
              rig.server.bean(TenantTransactions.class),
              rig.server.bean(Retries.class),
              rig.server.bean(Executions.class),
              Clock.systemUTC());
      var id = UUID.randomUUID();
      // Holding its lock keeps the server's own process away until this one is killed.
      try (var connection = rig.server.database().dataSource("engine").getConnection()) {
        lock(connection, "pg_advisory_lock", id);
        insert(id, workflow);
        work(redriver, connection, id, killed);
        lock(connection, "pg_advisory_unlock", id);
      }

      var done = done(id.toString());

      assertThat(retries(failed)).as(killed.toString()).containsOnly(1);
      assertThat(done.at("/started").intValue()).as(killed.toString()).isEqualTo(6);
      assertThat(done.at("/skipped").intValue()).as(killed.toString()).isZero();
      assertThat(counterpart.asked("/" + killed).stream().map(Counterpart.Asked::key).distinct())
          .as(killed.toString())
          .hasSize(6);
    }
  }

  private static void work(Redriver redriver, Connection connection, UUID id, Killed killed)
      throws SQLException {
    if (killed == Killed.BEFORE_IT_BEGINS) {
      return;
    }
    assertThat(redriver.plan(connection, id)).isTrue();
    var standing = redriver.read(connection, id).orElseThrow();
    switch (killed) {
      case BEFORE_IT_BEGINS, AFTER_THE_PLAN -> {}
      case AMID_THE_START -> redriver.start(upToTheThird(redriver, standing));
      case AFTER_THE_START -> redriver.start(standing);
      case AFTER_THE_RETRIES_HAVE_ENDED -> {
        redriver.start(standing);
        Awaitility.await()
            .atMost(Duration.ofSeconds(30))
            .until(() -> counterpart.asked("/" + killed).size() == 12);
        rig.server
            .database()
            .superuser()
            .sql("SELECT execution_id FROM maestro.execution WHERE origin_id IS NOT NULL")
            .query(UUID.class)
            .list()
            .forEach(rig::ended);
      }
      case AFTER_THE_END_OF_A_PORTION ->
          redriver.finish(connection, standing, redriver.start(standing));
    }
  }

  /// As if the process had been killed when half of the portion was taken in.
  private static Redriver.Standing upToTheThird(Redriver redriver, Redriver.Standing standing) {
    var third =
        rig.server
            .database()
            .superuser()
            .sql(
                """
                SELECT execution_id FROM maestro.execution
                WHERE workflow_id = :workflow ORDER BY execution_id OFFSET 2 LIMIT 1
                """)
            .param("workflow", standing.filter().workflow())
            .query(UUID.class)
            .single();
    return new Redriver.Standing(
        standing.id(),
        standing.tenant(),
        standing.filter(),
        standing.perS(),
        standing.left(),
        standing.cursor(),
        standing.before(),
        third,
        standing.portionAt(),
        standing.workedAt(),
        standing.createdBy(),
        standing.backlogMax());
  }

  private static void lock(Connection connection, String function, UUID redrive)
      throws SQLException {
    try (var statement = connection.prepareStatement("SELECT " + function + "(?, hashtext(?))")) {
      statement.setInt(1, Redriver.LOCK);
      statement.setString(2, redrive.toString());
      statement.execute();
    }
  }

  private static void insert(UUID id, EngineRig.Workflow workflow) {
    var filter =
        new ExecutionReads.Filter(
            workflow.id(), ExecutionStatus.FAILED, null, null, null, null, null, null);
    var by = UUID.fromString(rig.owner.session().at("/user/id").stringValue());
    rig.server
        .bean(TenantTransactions.class)
        .run(
            tenant,
            null,
            sql -> {
              Redrives.insert(
                  sql,
                  tenant.value(),
                  new Redrives.Wish(
                      id, filter, 20, 100, by, Instant.now().plus(Duration.ofSeconds(1))));
              return true;
            });
    rig.server
        .database()
        .superuser()
        .sql(
            "UPDATE maestro.redrive SET worked_at = now() - interval '1 hour' WHERE redrive_id = :id")
        .param("id", id)
        .update();
  }

  @Test
  void it_starts_no_more_in_a_second_than_was_said() {
    var workflow = workflow("/rate");
    var failed = failed(workflow, 6);

    var redrive =
        rig.owner
            .client()
            .post("/v1/redrives", Map.of("filter", of(workflow), "per_s", 2))
            .text("id");
    done(redrive);

    // Two in a second, so the last of six comes two seconds after the first, at the earliest.
    var took =
        rig.server
            .database()
            .superuser()
            .sql(
                """
                SELECT extract(epoch FROM max(created_at) - min(created_at)) FROM maestro.execution
                WHERE origin_id = ANY (:ids)
                """)
            .param("ids", failed.toArray(UUID[]::new))
            .query(Double.class)
            .single();
    assertThat(retries(failed)).containsOnly(1);
    assertThat(took).isGreaterThanOrEqualTo(2.0);
  }

  @Test
  void it_adds_nothing_while_half_of_what_the_plan_allows_is_waiting() throws Exception {
    var workflow = workflow("/full");
    var failed = failed(workflow, 2);
    var sql = rig.server.database().superuser();
    var redriver =
        new Redriver(
            rig.server.database().dataSource("engine"),
            rig.server.bean(TenantTransactions.class),
            rig.server.bean(Retries.class),
            rig.server.bean(Executions.class),
            Clock.systemUTC());
    var id = UUID.randomUUID();
    var max =
        sql.sql(
                """
                SELECT executions_backlog_max FROM control.plan p JOIN control.dim_tenant d USING (plan)
                WHERE d.tenant_id = :tenant
                """)
            .param("tenant", tenant.value())
            .query(Integer.class)
            .single();
    sql.sql("UPDATE control.plan SET executions_backlog_max = 4").update();
    try (var connection = rig.server.database().dataSource("engine").getConnection()) {
      lock(connection, "pg_advisory_lock", id);
      insert(id, workflow);
      counterpart.answersWith(503);
      var waiting = waiting(2);
      assertThat(redriver.plan(connection, id)).isFalse();
      assertThat(retries(failed)).containsOnly(0);

      rig.owner.client().post("/v1/executions/cancel", Map.of("ids", waiting));
      assertThat(redriver.plan(connection, id)).isTrue();
      lock(connection, "pg_advisory_unlock", id);
    } finally {
      sql.sql("UPDATE control.plan SET executions_backlog_max = :max").param("max", max).update();
      counterpart.answersWith(200);
    }
    done(id.toString());
    assertThat(retries(failed)).containsOnly(1);
  }

  /// Executions that wait to be tried again.
  private static List<UUID> waiting(int count) {
    var workflow =
        rig.publish(
            """
            {"name": "Wait", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "call", "type": "http_request",
               "config": {"method": "POST", "url": "%s"},
               "retry": {"count": 1, "backoff_ms": 600000, "backoff_max_ms": 600000, "on": ["http_5xx"]}}],
             "edges": [{"from": "api", "to": "call"}]}
            """
                .formatted(counterpart.url("/wait")));
    var waiting = new ArrayList<UUID>();
    for (var i = 0; i < count; i++) {
      var started =
          rig.owner
              .client()
              .post("/v1/workflows/" + workflow.id() + "/executions", Map.of("input", 1));
      var id = UUID.fromString(started.body().at("/execution_ids/0").asString());
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  rig.owner.client().get("/v1/executions/" + id).text("status").equals("waiting"));
      waiting.add(id);
    }
    return waiting;
  }

  @Test
  void a_canceled_redrive_starts_nothing_more() {
    var workflow = workflow("/canceled");
    failed(workflow, 8);
    var owner = rig.owner.client();
    var id = owner.post("/v1/redrives", Map.of("filter", of(workflow), "per_s", 1)).text("id");

    var canceled = owner.post("/v1/redrives/" + id + "/cancel", "");

    assertThat(canceled.status()).as(canceled.response().body()).isEqualTo(200);
    assertThat(canceled.text("state")).isEqualTo("canceled");
    assertThat(canceled.body().at("/started").intValue()).isLessThan(8);
    assertThat(owner.post("/v1/redrives/" + id + "/cancel", "").status()).isEqualTo(409);
  }

  @Test
  void who_may_not_run_starts_none_and_another_workspace_sees_none() {
    var workflow = workflow("/access");
    var owner = rig.owner.client();
    var id = owner.post("/v1/redrives", Map.of("filter", of(workflow))).text("id");
    assertThat(stranger.client().get("/v1/redrives/" + id).status()).isEqualTo(404);
    assertThat(stranger.client().post("/v1/redrives/" + id + "/cancel", "").status())
        .isEqualTo(404);
    assertThat(stranger.client().get("/v1/redrives").body().at("/data")).isEmpty();

    var colleague = new Colleague(rig, "viewer@example.com");
    var body = Map.of("filter", of(workflow));
    assertThat(colleague.as("viewer").post("/v1/redrives", body).status()).isEqualTo(403);
    colleague.mayRun(workflow);
    assertThat(colleague.as("viewer").post("/v1/redrives", body).status()).isEqualTo(202);
    assertThat(colleague.as("viewer").post("/v1/redrives", "{}").status())
        .as("of all workflows")
        .isEqualTo(403);

    assertThat(owner.post("/v1/redrives", Map.of("per_s", 100_000)).status()).isEqualTo(400);
    assertThat(owner.post("/v1/redrives", Map.of("limit", 0)).status()).isEqualTo(400);
    assertThat(owner.post("/v1/redrives", Map.of("filter", Map.of("status", "success"))).status())
        .isEqualTo(400);
  }
}
