package io.claritystream.stream.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Asking for a rebuild, seeing how far it is, giving it up; and what a source says of its model.
class RebuildApiTests {
  private static TestServer server;
  private static ApiClient.Registered ours;
  private static ApiClient.Registered theirs;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    ours = server.client().register("ours@example.com");
    theirs = server.client().register("theirs@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static UUID source(ApiClient.Registered person) {
    var id = UUID.randomUUID();
    var models = new ReadModels(server.database(), UUID.fromString(person.organizationId()), id);
    models.apply(
        new Capture().insert(Capture.table("pumps", "id int4 key", "name text"), 1, "A").take());
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.checkpoint_source (source_id, tenant_id, model_id, epoch, session,
              bronze_seq, applied_seq, digest, position, position_seq, events_total, updated_at)
            SELECT source_id, tenant_id, model_id, 1, 1, 40, 40, '', '', 40, 40, now()
            FROM analytics.model WHERE source_id = :source
            """)
        .param("source", id)
        .update();
    return id;
  }

  private static String path(UUID source) {
    return "/v1/sources/" + source + "/rebuilds";
  }

  private static ApiClient.Answer post(String path) {
    return ours.client().send("POST", path, null);
  }

  @Test
  void a_rebuild_is_accepted_once_at_a_time_and_can_be_given_up() {
    var source = source(ours);
    var accepted = post(path(source));
    assertThat(accepted.status()).isEqualTo(202);
    assertThat(accepted.body().get("state").asString()).isEqualTo("waiting");
    var id = accepted.body().get("id").asString();

    var again = post(path(source));
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.body().get("detail").asString()).contains("under way");

    var one = ours.client().get(path(source) + "/" + id).body();
    assertThat(one.get("events_done").asLong()).isZero();
    assertThat(one.get("events_total").isNull()).isTrue();
    assertThat(ours.client().get(path(source)).body().get("data")).hasSize(1);
    assertThat(model(source).get("state").asString()).isEqualTo("rebuilding");

    var cancelled = post(path(source) + "/" + id + "/cancel");
    assertThat(cancelled.status()).isEqualTo(202);
    assertThat(cancelled.body().get("state").asString()).isEqualTo("cancelling");
    assertThat(
            server
                .database()
                .superuser()
                .sql(
                    """
                    SELECT action FROM control.audit_log WHERE subject_id = :source ORDER BY action
                    """)
                .param("source", source.toString())
                .query(String.class)
                .list())
        .containsExactly("source.rebuild_cancelled", "source.rebuild_requested");
  }

  @Test
  void a_source_of_others_is_not_there() {
    var source = source(theirs);
    assertThat(post(path(source)).status()).isEqualTo(404);
    assertThat(ours.client().get(path(source)).status()).isEqualTo(404);
    assertThat(ours.client().get(path(source) + "/" + UUID.randomUUID()).status()).isEqualTo(404);
    assertThat(post(path(source) + "/" + UUID.randomUUID() + "/cancel").status()).isEqualTo(404);
  }

  private static tools.jackson.databind.JsonNode model(UUID source) {
    return ours.client().get("/v1/sources/" + source).body().get("model");
  }

  @Test
  void a_source_says_when_a_snapshot_is_taken_in_anew_and_when_it_fell_behind() {
    var source = source(ours);
    assertThat(model(source).get("state").asString()).isEqualTo("live");
    var sql = server.database().superuser();
    sql.sql(
            """
            WITH building AS (
              INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
                applied_epoch, applied_seq, created_at)
              SELECT tenant_id, source_id, 'building', 'snapshot', 1, 11, 1, 10, now()
              FROM analytics.model WHERE source_id = :source
              RETURNING source_id, model_id)
            UPDATE control.checkpoint_source c SET model_id = building.model_id
            FROM building WHERE c.source_id = building.source_id
            """)
        .param("source", source)
        .update();
    assertThat(model(source).get("state").asString()).isEqualTo("building");
    assertThat(model(source).get("rows").asLong()).isEqualTo(30);

    sql.sql("UPDATE control.checkpoint_source SET model_id = 0 WHERE source_id = :source")
        .param("source", source)
        .update();
    sql.sql("UPDATE analytics.model SET state = 'retired' WHERE state = 'building'").update();
    sql.sql(
            """
            UPDATE analytics.model SET detached_at = '2026-11-20T12:00:00Z'
            WHERE source_id = :source AND state = 'live'
            """)
        .param("source", source)
        .update();
    assertThat(model(source).get("state").asString()).isEqualTo("detached");
    assertThat(model(source).get("since").asString()).startsWith("2026-11-20T12:00:00");
  }

  @Test
  void one_that_belongs_to_a_copy_of_all_tables_is_listed_and_cannot_be_given_up() {
    var source = source(ours);
    var id = UUID.randomUUID();
    var sql = server.database().superuser();
    sql.sql(
            """
            INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at,
              snapshot_epoch, snapshot_seq)
            SELECT :id, tenant_id, source_id, 'waiting', now(), 1, 11
            FROM control.source WHERE source_id = :source
            """)
        .param("id", id)
        .param("source", source)
        .update();
    var listed = ours.client().get(path(source)).body().get("data").get(0);
    assertThat(listed.get("of_snapshot").asBoolean()).isTrue();
    assertThat(model(source).get("state").asString()).isEqualTo("building");
    assertThat(model(source).get("rows").asLong()).isEqualTo(30);

    sql.sql("UPDATE control.rebuild SET snapshot_ended_seq = 35 WHERE rebuild_id = :id")
        .param("id", id)
        .update();
    assertThat(model(source).get("rows").asLong()).as("of the copy alone").isEqualTo(25);
    assertThat(model(source).get("events_total").isNull()).as("before it begins").isTrue();

    sql.sql("UPDATE control.rebuild SET events_done = 7, events_total = 40 WHERE rebuild_id = :id")
        .param("id", id)
        .update();
    assertThat(model(source).get("events_done").asLong()).as("folded").isEqualTo(7);
    assertThat(model(source).get("events_total").asLong()).as("to be folded").isEqualTo(40);

    var refused = post(path(source) + "/" + id + "/cancel");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.body().get("detail").asString()).contains("new copy of all tables");
    assertThat(ours.client().get(path(source) + "/" + id).body().get("state").asString())
        .isEqualTo("waiting");
    assertThat(post(path(source)).status()).as("a second one").isEqualTo(409);
  }

  @Test
  void what_becomes_of_deleted_rows_is_chosen_for_a_table_and_all_is_built_anew_with_it() {
    var source = source(ours);
    var table = "/v1/sources/" + source + "/tables?table=public.pumps";
    assertThat(patch(table, "{\"on_delete\":\"forget\"}").status()).isEqualTo(400);
    assertThat(patch(table, "{}").status()).isEqualTo(400);
    assertThat(patch(table + "x", "{\"on_delete\":\"keep\"}").status()).isEqualTo(404);

    var changed = patch(table, "{\"on_delete\":\"keep\"}");
    assertThat(changed.status()).isEqualTo(202);
    assertThat(changed.body().at("/rebuild/state").asString()).isEqualTo("waiting");
    assertThat(patch(table, "{\"on_delete\":\"retract\"}").status()).isEqualTo(409);
    assertThat(
            server
                .database()
                .superuser()
                .sql("SELECT on_delete FROM control.source_table_option WHERE source_id = :source")
                .param("source", source)
                .query(String.class)
                .single())
        .isEqualTo("keep");
  }

  @Test
  void a_choice_that_stands_already_changes_nothing() {
    var source = source(ours);
    var table = "/v1/sources/" + source + "/tables?table=public.pumps";

    var same = patch(table, "{\"on_delete\":\"retract\"}");

    assertThat(same.status()).isEqualTo(200);
    assertThat(same.body().get("rebuild").isNull()).isTrue();
    assertThat(same.body().at("/tables/public.pumps").asString()).isEqualTo("retract");
    assertThat(ours.client().get(path(source)).body().get("data").size()).isZero();

    patch(table, "{\"on_delete\":\"keep\"}");
    assertThat(patch(table, "{\"on_delete\":\"keep\"}").status())
        .as("while it is built")
        .isEqualTo(200);
    assertThat(ours.client().get(path(source)).body().get("data").size()).isEqualTo(1);
  }

  @Test
  void several_tables_are_chosen_for_at_once_and_all_is_built_anew_once() {
    var source = source(ours);
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.source_table
            SELECT (t).* FROM (
              SELECT jsonb_populate_record(t, '{"table_name": "public.valves"}') AS t
              FROM control.source_table t WHERE source_id = :source) copied
            """)
        .param("source", source)
        .update();
    var tables = "/v1/sources/" + source + "/tables";

    for (var bad :
        List.of(
            "{}",
            "{\"on_delete\":\"keep\"}",
            "{\"tables\":{}}",
            "{\"tables\":{\"public.pumps\":null}}",
            "{\"tables\":{\"public.pumps\":\"forget\"}}",
            "{\"tables\":{\"public.pu\\u0000mps\":\"keep\"}}",
            "{\"tables\":{\"public.pumps\":\"keep\",\"public.none\":\"keep\"}}")) {
      assertThat(patch(tables, bad).status()).as(bad).isEqualTo(400);
    }
    assertThat(
            patch(tables + "?table=public.pumps", "{\"tables\":{\"public.pumps\":\"keep\"}}")
                .status())
        .isEqualTo(400);

    var chosen =
        patch(tables, "{\"tables\":{\"public.pumps\":\"keep\",\"public.valves\":\"keep\"}}");

    assertThat(chosen.status()).isEqualTo(202);
    assertThat(chosen.body().get("tables").size()).isEqualTo(2);
    assertThat(ours.client().get(path(source)).body().get("data").size()).isEqualTo(1);
    assertThat(
            server
                .database()
                .superuser()
                .sql(
                    "SELECT count(*) FROM control.source_table_option WHERE source_id = :source AND on_delete = 'keep'")
                .param("source", source)
                .query(Long.class)
                .single())
        .isEqualTo(2);
    assertThat(
            server
                .database()
                .superuser()
                .sql(
                    """
                    SELECT detail ->> 'tables' || ' ' || (detail ->> 'on_delete')
                    FROM control.audit_log
                    WHERE subject_id = :source AND action = 'source.table_changed'
                    """)
                .param("source", source.toString())
                .query(String.class)
                .list())
        .as("one act")
        .containsExactly("public.pumps, public.valves keep");
  }

  @Test
  void a_choice_whose_rebuild_was_cancelled_is_applied_by_choosing_it_again() {
    var source = source(ours);
    var table = "/v1/sources/" + source + "/tables?table=public.pumps";
    patch(table, "{\"on_delete\":\"keep\"}");
    server
        .database()
        .superuser()
        .sql(
            "UPDATE control.rebuild SET state = 'cancelled', ended_at = now() WHERE source_id = :source")
        .param("source", source)
        .update();

    var again = patch(table, "{\"on_delete\":\"keep\"}");

    assertThat(again.status()).isEqualTo(202);
    assertThat(again.body().at("/rebuild/state").asString()).isEqualTo("waiting");
    assertThat(patch(table, "{\"on_delete\":\"keep\"}").status())
        .as("while it is built")
        .isEqualTo(200);
  }

  private static ApiClient.Answer patch(String path, String body) {
    return ours.client().send("PATCH", path, body);
  }

  @Test
  void the_command_line_asks_for_one_too() {
    var source = source(theirs);
    assertThat(command(source.toString())).startsWith("0 Source db is built anew. " + path(source));
    assertThat(command(source.toString())).startsWith("1 A rebuild of this source is under way");
    assertThat(command("nothing")).startsWith("1 There is no source nothing.");
    assertThat(command()).startsWith("2 admin rebuild needs one source");
  }

  private static String command(String... arguments) {
    var printed = new ByteArrayOutputStream();
    var to = new PrintStream(printed, true, StandardCharsets.UTF_8);
    var status =
        RebuildCommand.run(List.of(arguments), Map.copyOf(server.database().settings()), to, to);
    return status + " " + printed.toString(StandardCharsets.UTF_8);
  }
}
