package io.claritystream.insight.dashboard;

import static io.claritystream.stream.materializer.Capture.table;
import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.TestServer;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.Capture;
import io.claritystream.stream.materializer.ReadModels;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/// Searching extras by what they are called and what they hold.
class ExtrasTests {
  private static final TableSchema BATCHES =
      table(
          "batches",
          "id int4 key",
          "code text",
          "mass_kg numeric",
          "closed_at timestamptz",
          "ok bool");
  private static final TableSchema ORDERS =
      table("orders", "id int4 key", "code text", "info jsonb");

  private static TestServer server;
  private static ApiClient.Registered ours;

  @BeforeAll
  static void begin() {
    server = TestServer.start(Map.of());
    ours = server.client().register("ours@example.com");
    var theirs = server.client().register("theirs@example.com");
    var capture = new Capture();
    capture
        .insert(BATCHES, 1, "Milk-001", "7.5", "2026-11-20T08:00:00Z", "t")
        .insert(BATCHES, 2, "Milk-002", "12", "2026-11-20T09:00:00Z", "f")
        .insert(BATCHES, 3, "milk-003", "-3", "2026-11-20T10:00:00Z", "t")
        .insert(BATCHES, 4, "Whey \u00c9ire 100%", "NaN", "2026-11-20T11:00:00Z", null)
        .insert(BATCHES, 5, "Milk-" + "9".repeat(300), "1e305", null, null)
        .insert(BATCHES, 6, "Milk-" + "9".repeat(301), "100000000000000000000.1", null, null)
        .insert(BATCHES, 7, null, "100000000000000000000.2", null, null)
        .insert(ORDERS, 1, "Milk-001", "{\"a\\u001fb\": 1, \"c\": 2}");
    models(ours).apply(capture.take());
    models(theirs).apply(new Capture().insert(BATCHES, 1, "Milk-secret", "8", null, null).take());
  }

  private static ReadModels models(ApiClient.Registered person) {
    return new ReadModels(
        server.database(), UUID.fromString(person.organizationId()), UUID.randomUUID());
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /// The values of all pages, two at a time.
  private static List<String> found(String query) {
    var values = new ArrayList<String>();
    var cursor = "";
    do {
      var answer = ours.client().get("/v1/extras?limit=2&" + query + cursor);
      assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
      answer.body().get("data").forEach(extra -> values.add(extra.get("value").asString()));
      JsonNode next = answer.body().get("next_cursor");
      cursor = next.isNull() ? "" : "&cursor=" + next.asString();
    } while (!cursor.isEmpty());
    return values;
  }

  @Test
  void numbers_of_a_key_come_in_their_order_within_a_range() {
    assertThat(found("key=mass_kg&from=-3&to=12")).containsExactly("-3", "7.5", "12");
    assertThat(found("key=mass_kg&to=7.4")).containsExactly("-3");
  }

  @Test
  void numbers_that_a_double_cannot_tell_apart_are_told_apart() {
    assertThat(found("key=mass_kg&from=100000000000000000000.2&to=100000000000000000000.2"))
        .hasSize(1);
  }

  @Test
  void not_a_number_is_behind_all_numbers_and_in_no_range_with_an_end() {
    assertThat(found("key=mass_kg&type=num")).hasSize(7).endsWith("NaN");
    assertThat(found("key=mass_kg&from=0&to=1000")).containsExactly("7.5", "12");
  }

  @Test
  void times_of_a_key_come_in_their_order_within_a_range() {
    assertThat(found("key=closed_at&from=2026-11-20T09:00:00Z&to=2026-11-20T10:00:00Z"))
        .containsExactly("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z");
  }

  @Test
  void texts_are_found_by_their_beginning_as_it_is_written() {
    assertThat(found("key=code&prefix=Milk-0&table=public.batches"))
        .containsExactly("Milk-001", "Milk-002");
    assertThat(found("key=code&prefix=milk")).containsExactly("milk-003");
    assertThat(found("key=code&prefix=" + encoded("Whey É"))).hasSize(1);
  }

  @Test
  void a_beginning_longer_than_the_index_tells_is_found_all_the_same() {
    assertThat(found("key=code&prefix=Milk-" + "9".repeat(150))).hasSize(2);
    assertThat(found("key=code&prefix=Milk-" + "9".repeat(150) + "8")).isEmpty();
  }

  @Test
  void texts_are_found_by_what_they_contain_whatever_the_case() {
    assertThat(found("key=code&contains=MILK-00"))
        .containsExactlyInAnyOrder("Milk-001", "Milk-001", "Milk-002", "milk-003");
    assertThat(found("key=code&contains=" + encoded("éire 100%"))).hasSize(1);
    assertThat(found("key=code&contains=" + encoded("100_"))).isEmpty();
  }

  @Test
  void values_of_all_types_of_a_key_are_paged_through_once_each() {
    assertThat(found("key=ok")).containsExactly("false", "true", "true");
    assertThat(found("key=code")).hasSize(7);
  }

  @Test
  void extras_are_found_by_the_table_of_their_entity() {
    assertThat(found("table=public.orders")).containsExactlyInAnyOrder("Milk-001", "1", "2");
    assertThat(found("table=public.orders&type=num")).containsExactlyInAnyOrder("1", "2");
    assertThat(found("table=public.orders&key=code")).containsExactly("Milk-001");
    assertThat(found("table=public.nothing")).isEmpty();
  }

  @Test
  void the_values_of_one_entity_are_searched_without_a_key() {
    var entity =
        ours.client().get("/v1/extras?key=code&prefix=milk-003").body().at("/data/0/entity_id");
    assertThat(found("entity_id=" + entity.asString() + "&to=0")).containsExactly("-3");
    assertThat(found("entity_id=" + entity.asString() + "&contains=MILK")).hasSize(1);
  }

  @Test
  void a_key_of_many_rows_is_looked_through_a_bounded_stretch_a_page() {
    var many = server.client().register("many@example.com");
    var models = models(many);
    models.apply(new Capture().insert(ORDERS, 1, "first", null).take());
    server
        .database()
        .superuser()
        .sql(
            """
            INSERT INTO analytics.extras_text
            SELECT (jsonb_populate_record(t, jsonb_build_object('entity_id', gen_random_uuid(),
              'value', 'v' || i))).*
            FROM analytics.extras_text t, generate_series(1, 20500) i
            WHERE tenant_id = CAST(:tenant AS uuid)
            """)
        .param("tenant", many.organizationId())
        .update();

    var first = many.client().get("/v1/extras?key=code&contains=v99999").body();
    assertThat(first.get("data")).isEmpty();
    var second =
        many.client()
            .get(
                "/v1/extras?key=code&contains=v99999&cursor=" + first.get("next_cursor").asString())
            .body();
    assertThat(second.get("data")).isEmpty();
    assertThat(second.get("next_cursor").isNull()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "from=1",
        "prefix=a",
        "key=k&from=1&prefix=a",
        "key=k&from=yesterday",
        "key=k&from=1e999999999",
        "key=k&from=1&to=2026-11-20T00:00:00Z",
        "key=k&from=2&to=1",
        "key=k&type=text&from=1",
        "key=k&type=num&prefix=a",
        "key=k&type=time&from=1",
        "key=k&contains=a",
        "key=k&prefix=",
        "key=k&cursor=ZXh0cmFz",
      })
  void what_no_search_can_mean_is_refused(String query) {
    assertThat(ours.client().get("/v1/extras?" + query).status()).isEqualTo(400);
  }
}
