package io.claritystream.insight.dashboard;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.base.db.TenantId;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Keys whose values have several types within a table are listed until they have one.
class ExtraConflictsTests {
  private static final TableSchema ORDERS = table("orders", "id int4 key", "info jsonb");
  private static final TableSchema BATCHES = table("batches", "id int4 key", "info jsonb");
  private static final TableSchema PUMPS = table("pumps", "id int4 key", "name text", "info jsonb");
  private static final TableSchema READINGS =
      table(
          "readings",
          "pump_id int4 key -> pumps(id)",
          "ts timestamptz key",
          "pressure_bar float8",
          "info jsonb");

  private static TestServer server;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /// A workspace with one source.
  private static final class Plant {
    final ApiClient.Registered person;
    final UUID source = UUID.randomUUID();
    final ReadModels models;
    final Capture capture = new Capture();

    Plant(String name) {
      person = server.client().register(name + "@example.com");
      models = new ReadModels(server.database(), UUID.fromString(person.organizationId()), source);
    }

    void apply() {
      models.apply(capture.take());
    }

    JsonNode get(String path) {
      var answer = person.client().get(path);
      assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
      return answer.body();
    }

    /// `table key type=entities …` of each.
    List<String> conflicts(String query) {
      var found = new ArrayList<String>();
      var cursor = "";
      do {
        var page = get("/v1/extras/conflicts?limit=1" + query + cursor);
        for (var conflict : page.get("data")) {
          var words = new StringBuilder();
          words.append(conflict.get("table").asString()).append(' ');
          words.append(conflict.get("key").asString());
          for (var type : conflict.get("types")) {
            words.append(' ').append(type.get("type").asString()).append('=');
            words.append(type.get("entities").asLong());
          }
          found.add(words.toString());
        }
        var next = page.get("next_cursor");
        cursor = next.isNull() ? "" : "&cursor=" + next.asString();
      } while (!cursor.isEmpty());
      return found;
    }
  }

  @Test
  void a_key_of_several_types_is_listed_with_how_many_entities_have_each() {
    var plant = new Plant("several");
    plant
        .capture
        .insert(ORDERS, 1, "{\"size\": 4, \"who\": \"x\"}")
        .insert(ORDERS, 2, "{\"size\": 3, \"who\": \"y\"}")
        .insert(ORDERS, 3, "{\"size\": \"large\", \"who\": \"z\"}")
        .insert(ORDERS, 4, "{\"size\": true}");
    plant.apply();

    assertThat(plant.conflicts("")).containsExactly("public.orders info.size bool=1 num=2 text=1");
    var conflict = plant.get("/v1/extras/conflicts").at("/data/0");
    assertThat(conflict.get("source_id").asString()).isEqualTo(plant.source.toString());
    assertThat(conflict.at("/types/1/sample").asString()).isEqualTo("3");
    assertThat(conflict.at("/types/2/sample").asString()).isEqualTo("large");
    assertThat(conflict.at("/types/2/examples/0/key").asString()).isEqualTo("3");
    assertThat(conflict.at("/types/2/examples/0/table").asString()).isEqualTo("public.orders");
    assertThat(conflict.at("/types/1/examples")).hasSize(2);
  }

  @Test
  void a_conflict_ends_with_its_last_odd_value() {
    var plant = new Plant("ends");
    plant
        .capture
        .insert(ORDERS, 1, "{\"size\": 4}")
        .insert(ORDERS, 2, "{\"size\": \"large\"}")
        .insert(ORDERS, 3, "{\"size\": \"small\"}");
    plant.apply();
    plant.capture.delete(ORDERS, 2);
    plant.apply();
    assertThat(plant.conflicts("")).containsExactly("public.orders info.size num=1 text=1");

    plant.capture.update(ORDERS, 3, "{\"size\": 5}");
    plant.apply();
    assertThat(plant.conflicts("")).isEmpty();
    assertThat(plant.get("/v1/extras/keys").at("/data/0/types/0/entities").asLong()).isEqualTo(2);

    plant.capture.delete(ORDERS, 1).delete(ORDERS, 3);
    plant.apply();
    assertThat(plant.get("/v1/extras/keys").get("data")).isEmpty();
  }

  @Test
  void one_key_in_two_tables_is_no_conflict_and_their_values_are_told_apart() {
    var plant = new Plant("tables");
    plant
        .capture
        .insert(ORDERS, 1, "{\"size\": \"a text of orders\"}")
        .insert(BATCHES, 1, "{\"size\": 4}");
    plant.apply();
    assertThat(plant.conflicts("")).isEmpty();

    plant.capture.insert(BATCHES, 2, "{\"size\": \"b text of batches\"}");
    plant.apply();
    assertThat(plant.conflicts("")).containsExactly("public.batches info.size num=1 text=1");
    assertThat(plant.get("/v1/extras/conflicts").at("/data/0/types/1/sample").asString())
        .isEqualTo("b text of batches");
  }

  @Test
  void what_readings_say_of_devices_is_counted_with_their_table_and_shown_at_the_device() {
    var plant = new Plant("readings");
    plant
        .capture
        .insert(PUMPS, 1, "North", "{\"rev\": 1}")
        .insert(PUMPS, 2, "South", "{\"rev\": \"B\"}")
        .insert(READINGS, 1, "2026-11-20 11:00:00+00", 1, "{\"mode\": 1}")
        .insert(READINGS, 2, "2026-11-20 11:00:00+00", 1, "{\"mode\": \"auto\"}");
    plant.apply();
    assertThat(plant.conflicts(""))
        .containsExactly(
            "public.pumps info.rev num=1 text=1",
            "public.readings readings:info.mode num=1 text=1");

    var north =
        StreamSupport.stream(plant.get("/v1/devices").get("data").spliterator(), false)
            .filter(device -> device.get("name").asString().equals("North"))
            .findFirst()
            .orElseThrow();
    var detail = plant.get("/v1/devices/" + north.get("id").asString());
    assertThat(detail.get("mixed_attributes")).hasSize(2);
    assertThat(detail.at("/mixed_attributes/0/key").asString()).isEqualTo("info.rev");
    assertThat(detail.at("/mixed_attributes/0/type").asString()).isEqualTo("num");
    assertThat(detail.at("/mixed_attributes/1/table").asString()).isEqualTo("public.readings");

    plant.capture.insert(READINGS, 2, "2026-11-20 11:00:01+00", 1, "{\"mode\": 2}");
    plant.apply();
    assertThat(plant.conflicts("")).containsExactly("public.pumps info.rev num=1 text=1");
  }

  @Test
  void conflicts_are_filtered_by_source_table_and_the_beginning_of_their_key() {
    var plant = new Plant("filters");
    plant
        .capture
        .insert(ORDERS, 1, "{\"a\": 1, \"b%\": 1}")
        .insert(ORDERS, 2, "{\"a\": \"x\", \"b%\": \"x\"}")
        .insert(BATCHES, 1, "{\"a\": 1}")
        .insert(BATCHES, 2, "{\"a\": \"x\"}");
    plant.apply();
    var a = "public.orders info.a num=1 text=1";
    var b = "public.orders info.b% num=1 text=1";
    var other = "public.batches info.a num=1 text=1";
    assertThat(plant.conflicts("")).containsExactly(other, a, b);
    assertThat(plant.conflicts("&table=public.orders")).containsExactly(a, b);
    assertThat(plant.conflicts("&key_prefix=info.b%25")).containsExactly(b);
    assertThat(plant.conflicts("&source_id=" + plant.source)).hasSize(3);
    assertThat(plant.conflicts("&source_id=" + UUID.randomUUID())).isEmpty();
    assertThat(new Plant("others").conflicts("")).isEmpty();
  }

  @Test
  void a_page_of_a_workspace_with_many_keys_goes_by_the_index_of_conflicts() {
    var plant = new Plant("many");
    plant.capture.insert(ORDERS, 1, "{\"a\": 1}").insert(ORDERS, 2, "{\"a\": \"x\"}");
    plant.apply();
    var sql = server.database().superuser();
    sql.sql(
            """
            INSERT INTO analytics.extras_type (tenant_id, model_id, table_name, key, texts, nums, bools,
              times)
            SELECT tenant_id, model_id, 't' || i % 50, 'k' || i, 1, 0, 0, 0
            FROM analytics.extras_type t, generate_series(1, 50000) i
            WHERE tenant_id = CAST(:tenant AS uuid) AND mixed
            """)
        .param("tenant", plant.person.organizationId())
        .update();
    sql.sql("ANALYZE analytics.extras_type").update();
    assertThat(plant.conflicts("")).containsExactly("public.orders info.a num=1 text=1");
    var nothingChosen = new HashMap<String, Object>();
    for (var name :
        List.of("source", "table", "prefix", "after_source", "after_table", "after_key")) {
      nothingChosen.put(name, null);
    }
    var plan =
        server
            .database()
            .tenantTransactions()
            .read(
                new TenantId(UUID.fromString(plant.person.organizationId())),
                client ->
                    String.join(
                        "\n",
                        client
                            .sql("EXPLAIN (COSTS OFF) " + ExtraKeys.MIXED)
                            .params(nothingChosen)
                            .param("rows", 51)
                            .query(String.class)
                            .list()));
    assertThat(plan).contains("using extras_type_mixed");
  }

  @Test
  void values_say_what_they_are_of() {
    var plant = new Plant("of");
    plant.capture.insert(PUMPS, 7, "North", "{\"rev\": 1}").insert(ORDERS, 8, "{\"rev\": 2}");
    plant.apply();
    var found = plant.get("/v1/extras?key=info.rev").get("data");
    assertThat(found.at("/0/entity/kind").asString()).isEqualTo("device");
    assertThat(found.at("/0/entity/name").asString()).isEqualTo("North");
    assertThat(found.at("/1/entity/kind").asString()).isEqualTo("row");
    assertThat(found.at("/1/entity/table").asString()).isEqualTo("public.orders");
    assertThat(found.at("/1/entity/key").asString()).isEqualTo("8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conflicts?source_id=x",
        "conflicts?cursor=ZXh0cmFz",
        "conflicts?limit=0",
        "conflicts?key=a",
        "keys?cursor=ZXh0cmFz",
        "keys?table="
      })
  void what_cannot_be_asked_is_refused(String query) {
    var path = "/v1/extras/" + query + (query.endsWith("=") ? "a".repeat(201) : "");
    var answer = server.client().register("bad" + query.hashCode() + "@example.com");
    assertThat(answer.client().get(path).status()).isEqualTo(400);
  }
}
