package io.claritystream.stream.source;

import static io.claritystream.stream.materializer.Capture.COMMITTED;
import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.deadletter.Cause;
import io.claritystream.stream.deadletter.DeadLetter;
import io.claritystream.stream.deadletter.DeadLetters;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/// What the API says of a source's tables, and of how exact what was built from them is.
class SourceTablesTests {
  private static final TableSchema PUMPS = table("pumps", "id int4 key", "name text");
  private static final TableSchema VALVES = table("valves", "id int4 key", "name text");

  private static TestServer server;
  private static ApiClient.Registered person;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of());
    person = server.client().register("owner@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static UUID source(Capture capture) {
    var source = UUID.randomUUID();
    new ReadModels(server.database(), UUID.fromString(person.organizationId()), source)
        .apply(capture.take());
    return source;
  }

  @Test
  void a_table_counts_each_kind_of_event() {
    var source =
        source(
            new Capture()
                .event(Op.READ, PUMPS, COMMITTED, 1, "Alpha")
                .event(Op.READ, PUMPS, COMMITTED, 2, "Beta")
                .insert(PUMPS, 3, "Gamma")
                .event(Op.TRUNCATE, PUMPS, COMMITTED));

    var pumps = person.client().get("/v1/sources/" + source + "/tables").body().at("/data/0");

    assertThat(pumps.get("reads").asInt()).isEqualTo(2);
    assertThat(pumps.get("inserts").asInt()).isEqualTo(1);
    assertThat(pumps.get("events").asInt()).isEqualTo(4);
    assertThat(pumps.get("truncates").asInt()).isEqualTo(1);
    assertThat(pumps.get("incomplete").asInt()).isZero();
    assertThat(pumps.get("failed").asInt()).isZero();
    assertThat(pumps.get("exact").asBoolean()).isTrue();
  }

  private static tools.jackson.databind.JsonNode first(UUID source) {
    return person.client().get("/v1/sources/" + source + "/tables").body().at("/data/0");
  }

  @Test
  void a_table_that_the_agent_cleared_was_truncated_by_nobody_and_is_gone_until_a_row_comes() {
    var gone = source(new Capture().insert(PUMPS, 1, "Alpha").readAgain(PUMPS));
    assertThat(first(gone).get("truncates").asInt()).isZero();
    assertThat(first(gone).get("clears").asInt()).isEqualTo(1);
    assertThat(first(gone).get("cleared").asBoolean()).isTrue();

    var back =
        source(
            new Capture()
                .insert(PUMPS, 1, "Alpha")
                .readAgain(PUMPS, new Object[] {1, "Alpha"})
                .event(Op.TRUNCATE, PUMPS, COMMITTED));
    assertThat(first(back).get("truncates").asInt()).isEqualTo(1);
    assertThat(first(back).get("clears").asInt()).isEqualTo(1);
    assertThat(first(back).get("cleared").asBoolean()).isFalse();
  }

  @Test
  void a_table_says_what_becomes_of_deleted_rows_as_chosen_and_as_shown() {
    var source = source(new Capture().insert(PUMPS, 1, "Alpha"));
    assertThat(first(source).get("on_delete").asString()).isEqualTo("retract");
    assertThat(first(source).get("on_delete_shown").asString()).isEqualTo("retract");

    person
        .client()
        .send(
            "PATCH",
            "/v1/sources/" + source + "/tables?table=public.pumps",
            "{\"on_delete\":\"keep\"}");

    assertThat(first(source).get("on_delete").asString()).isEqualTo("keep");
    assertThat(first(source).get("on_delete_shown").asString()).isEqualTo("retract");
  }

  @Test
  void a_table_counts_what_is_shown_of_it_otherwise_than_it_came() {
    var source = source(new Capture().insert(PUMPS, 1, "Alpha"));
    server
        .database()
        .superuser()
        .sql(
            """
            UPDATE analytics.table_state
            SET extras_left_out = 3, sessions_left_out = 4, times_replaced = 5
            WHERE source_id = :source
            """)
        .param("source", source)
        .update();

    assertThat(first(source).get("values_left_out").asInt()).isEqualTo(3);
    assertThat(first(source).get("sessions_left_out").asInt()).isEqualTo(4);
    assertThat(first(source).get("times_replaced").asInt()).isEqualTo(5);
  }

  @Test
  void a_table_may_have_any_name_that_a_database_takes() {
    for (var name :
        List.of("a/b", "50%", "x%2Fy", "back\\slash", "a;b?c#d&e=f", "a b", "\"q\"", "ä€😀")) {
      var odd = table(name, "id int4 key", "name text");
      var source = source(new Capture().insert(odd, 1, "Alpha"));
      var table = first(source).get("table").asString();

      var changed =
          person
              .client()
              .send(
                  "PATCH",
                  "/v1/sources/"
                      + source
                      + "/tables?table="
                      + URLEncoder.encode(table, StandardCharsets.UTF_8),
                  "{\"on_delete\":\"keep\"}");

      assertThat(changed.status()).as(name).isEqualTo(202);
      assertThat(first(source).get("on_delete").asString()).as(name).isEqualTo("keep");
      assertThat(
              person
                  .client()
                  .send(
                      "POST",
                      "/v1/sources/" + source + "/snapshots",
                      new JsonMapper().writeValueAsString(Map.of("tables", List.of(table))))
                  .status())
          .as(name)
          .isEqualTo(202);
    }
  }

  private static void report(UUID source, String state) {
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO control.source_status (source_id, tenant_id, state, detail, captured_seq,
              spool_bytes, spool_limit_bytes, lag_bytes, snapshot_tables_done, snapshot_tables_total,
              snapshot_rows, position, events_per_s, session, reported_at)
            VALUES (:source, :tenant, :state, '', 0, 0, 0, 0, 1, 1, 1, '', 0, 1, now())
            """)
        .param("source", source)
        .param("tenant", UUID.fromString(person.organizationId()))
        .param("state", state)
        .update();
  }

  private static void building(UUID source, String purpose) {
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
              applied_epoch, applied_seq, created_at)
            VALUES (:tenant, :source, 'building', :purpose, 2, 1, 2, 0, now())
            """)
        .param("tenant", UUID.fromString(person.organizationId()))
        .param("source", source)
        .param("purpose", purpose)
        .update();
  }

  private static String state(UUID source) {
    return person.client().get("/v1/sources/" + source).text("state");
  }

  @Test
  void a_source_is_snapshotting_until_a_snapshot_taken_again_is_what_people_see() {
    var source = source(new Capture().event(Op.READ, PUMPS, COMMITTED, 1, "Alpha"));
    report(source, "streaming");
    assertThat(state(source)).isEqualTo("streaming");

    building(source, "snapshot");
    assertThat(state(source)).isEqualTo("snapshotting");
  }

  @Test
  void a_source_whose_models_are_built_anew_from_what_is_here_streams_on() {
    var source = source(new Capture().event(Op.READ, PUMPS, COMMITTED, 1, "Alpha"));
    report(source, "streaming");
    building(source, "rebuild");

    assertThat(state(source)).isEqualTo("streaming");
  }

  @Test
  void a_source_says_how_many_of_its_tables_are_not_exact() {
    var source = source(new Capture().insert(PUMPS, 1, "Alpha").insert(VALVES, null, "Inlet"));

    assertThat(person.client().get("/v1/sources/" + source).body().get("tables_not_exact").asInt())
        .isEqualTo(1);
  }

  private static boolean exact(UUID source) {
    return first(source).get("exact").asBoolean();
  }

  @Test
  void a_table_that_is_emptied_and_read_again_is_as_exact_as_what_it_holds_now() {
    var blind = table("pumps", "id int4", "name text");
    var once =
        new Capture().insert(blind, 1, "Alpha").event(Op.UPDATE, blind, COMMITTED, 1, "Beta");
    assertThat(exact(source(once))).isFalse();

    var keyless = new Capture().insert(blind, 1, "Alpha").readAgain(blind, new Object[] {1, "A"});
    assertThat(exact(source(keyless))).as("read again, and no key yet").isFalse();

    var keyed = new Capture().insert(blind, 1, "Alpha").readAgain(PUMPS, new Object[] {1, "A"});
    assertThat(exact(source(keyed))).as("read again with a key").isTrue();

    var lost =
        new Capture().insert(VALVES, null, "Inlet").readAgain(VALVES, new Object[] {1, "Inlet"});
    assertThat(exact(source(lost))).as("read again with what could not be folded").isTrue();

    var since =
        new Capture().readAgain(VALVES, new Object[] {1, "Inlet"}).insert(VALVES, null, "Outlet");
    assertThat(exact(source(since))).as("not folded since").isFalse();
  }

  private static DeadLetter missing(UUID source, long seq, long seqEnd, @Nullable String table) {
    return new DeadLetter(
        UUID.randomUUID(),
        TenantId.of(person.organizationId()),
        source,
        1,
        seq,
        seqEnd,
        table,
        null,
        null,
        null,
        table == null ? Cause.BATCH_CORRUPT : Cause.NOT_IN_BRONZE,
        null,
        "cannot be decoded",
        "",
        null,
        COMMITTED);
  }

  private static void write(DeadLetter letter) throws SQLException {
    try (var connection = server.database().dataSource("service").getConnection()) {
      new DeadLetters().write(connection, List.of(letter));
    }
  }

  /// Of each table whether it is exact, and what of it is missing and was dismissed.
  private static List<String> exactness(UUID source) {
    return person
        .client()
        .get("/v1/sources/" + source + "/tables")
        .body()
        .get("data")
        .valueStream()
        .map(
            table ->
                "%s %s %d %d"
                    .formatted(
                        table.get("table").asString(),
                        table.get("exact").asBoolean(),
                        table.get("missing").asLong(),
                        table.get("missing_dismissed").asLong()))
        .toList();
  }

  private static long notExact(UUID source) {
    return person.client().get("/v1/sources/" + source).body().get("tables_not_exact").asLong();
  }

  @Test
  void no_table_is_exact_of_which_events_may_be_missing_until_a_person_dismisses_them()
      throws SQLException {
    var source = source(new Capture().insert(PUMPS, 1, "Alpha").insert(VALVES, 1, "Inlet"));
    var batch = missing(source, 3, 5, null);
    write(batch);
    assertThat(exactness(source))
        .as("nobody knows of which table")
        .containsExactly("public.pumps false 3 0", "public.valves false 3 0");
    assertThat(notExact(source)).isEqualTo(2);

    var one = missing(source, 7, 7, "public.valves");
    write(one);
    assertThat(exactness(source))
        .containsExactly("public.pumps false 3 0", "public.valves false 4 0");
    dismiss(batch);
    assertThat(exactness(source))
        .containsExactly("public.pumps true 0 3", "public.valves false 1 3");
    assertThat(notExact(source)).isEqualTo(1);
    dismiss(one);
    assertThat(exactness(source))
        .containsExactly("public.pumps true 0 3", "public.valves true 0 4");
    assertThat(notExact(source)).isZero();
  }

  @Test
  void a_table_of_which_nothing_was_ever_stored_is_not_exact() throws SQLException {
    var source = source(new Capture().insert(PUMPS, 1, "Alpha").insert(VALVES, 1, "Inlet"));
    var sql = server.database().superuser();
    // As it is in a model that was built anew from what is here.
    sql.sql(
            """
            DELETE FROM analytics.table_state
            WHERE source_id = :source AND table_name = 'public.valves'
            """)
        .param("source", source)
        .update();
    var one = missing(source, 2, 2, "public.valves");
    write(one);
    assertThat(exactness(source))
        .containsExactly("public.pumps true 0 0", "public.valves false 1 0");
    assertThat(notExact(source)).isEqualTo(1);

    sql.sql("UPDATE analytics.model SET first_epoch = 2 WHERE source_id = :source")
        .param("source", source)
        .update();
    assertThat(exactness(source))
        .as("the model begins with another snapshot")
        .containsExactly("public.pumps true 0 0", "public.valves true 0 0");
    assertThat(notExact(source)).isZero();
    person
        .client()
        .send(
            "PATCH",
            "/v1/sources/" + source + "/tables?table=public.valves",
            "{\"on_delete\":\"keep\"}");
    assertThat(exactness(source))
        .as("deleted rows are in no snapshot")
        .containsExactly("public.pumps true 0 0", "public.valves false 1 0");
    assertThat(notExact(source)).isEqualTo(1);

    dismiss(one);
    assertThat(exactness(source))
        .containsExactly("public.pumps true 0 0", "public.valves true 0 1");
    assertThat(notExact(source)).isZero();
  }

  private static void dismiss(DeadLetter letter) {
    var path = "/v1/dead-letters/" + letter.id() + "/dismiss";
    assertThat(person.client().send("POST", path, null).status()).isEqualTo(200);
  }

  @Test
  void what_went_missing_before_a_table_was_emptied_or_its_model_begins_matters_no_more()
      throws SQLException {
    var capture = new Capture().insert(PUMPS, 1, "Alpha").insert(VALVES, 1, "Inlet");
    var source = source(capture.readAgain(PUMPS, new Object[] {1, "Alpha"}));
    write(missing(source, 2, 2, null));
    assertThat(exactness(source))
        .as("read again since")
        .containsExactly("public.pumps true 0 0", "public.valves false 1 0");
    write(missing(source, 5, 5, null));
    assertThat(exactness(source))
        .as("after it was read")
        .containsExactly("public.pumps false 1 0", "public.valves false 2 0");

    var sql = server.database().superuser();
    sql.sql("UPDATE analytics.model SET first_epoch = 2 WHERE source_id = :source")
        .param("source", source)
        .update();
    assertThat(exactness(source))
        .as("the model begins with another snapshot")
        .containsExactly("public.pumps true 0 0", "public.valves true 0 0");
    sql.sql(
            """
            UPDATE analytics.table_state SET on_delete = 'keep'
            WHERE source_id = :source AND table_name = 'public.valves'
            """)
        .param("source", source)
        .update();
    assertThat(exactness(source))
        .as("deleted rows are in no snapshot")
        .containsExactly("public.pumps true 0 0", "public.valves false 2 0");
    assertThat(notExact(source)).isEqualTo(1);
  }

  @Test
  void a_table_that_is_gone_is_not_counted_as_inexact() {
    var gone =
        source(
            new Capture()
                .insert(table("pumps", "id int4", "name text"), 1, "Alpha")
                .readAgain(table("pumps")));

    assertThat(exact(gone)).isTrue();
    assertThat(person.client().get("/v1/sources/" + gone).body().get("tables_not_exact").asInt())
        .isZero();
  }

  @Test
  void a_table_whose_deleted_rows_stay_has_what_was_not_told_of_them_for_good() {
    var source = UUID.randomUUID();
    var models =
        new ReadModels(server.database(), UUID.fromString(person.organizationId()), source);
    models.keepDeletedRowsOf("public.valves");
    models.apply(
        new Capture()
            .insert(VALVES, null, "Inlet")
            .readAgain(VALVES, new Object[] {1, "Inlet"})
            .take());

    assertThat(exact(source)).isFalse();
  }

  @Test
  void a_definition_that_was_taken_back_is_the_one_that_a_table_shows() {
    var wider = table("pumps", "id int4 key", "name text", "hum float8");
    var source = source(new Capture().insert(PUMPS, 1, "Alpha").insert(wider, 2, "Beta", "1"));
    assertThat(first(source).get("schema_version").asInt()).isEqualTo(2);
    assertThat(first(source).get("mapping").toString()).contains("hum");

    var back =
        source(
            new Capture()
                .insert(PUMPS, 1, "Alpha")
                .insert(wider, 2, "Beta", "1")
                .insert(PUMPS, 3, "Gamma")
                .readAgain(table("pumps")));
    assertThat(first(back).get("schema_version").asInt()).isEqualTo(1);
    assertThat(first(back).get("mapping").toString()).doesNotContain("hum");
  }
}
