package io.claritystream.base.expression;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient;
import io.claritystream.ApiClient.Answer;
import io.claritystream.TestServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PreviewTests {

  private static TestServer server;
  private static ApiClient person;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    person = server.client().register("previewer@example.com").client();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static Answer preview(ApiClient client, @Nullable Object expression, Object input) {
    Map<String, Object> body = new HashMap<>();
    body.put("expression", expression);
    body.put("input", input);
    return client.post("/v1/expressions/preview", body);
  }

  @Test
  void a_preview_says_what_the_expression_comes_to() {
    Answer answer =
        preview(
            person,
            "{'total': $sum(trigger.body.lines.amount), 'id': trigger.body.id}",
            Map.of(
                "trigger",
                Map.of(
                    "body",
                    Map.of(
                        "id",
                        9007199254740993L,
                        "lines",
                        List.of(Map.of("amount", 2), Map.of("amount", 3.5))))));

    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.response().body())
        .isEqualTo("{\"output\":{\"total\":5.5,\"id\":9007199254740993}}");
  }

  @Test
  void the_sign_that_marks_an_expression_in_a_document_may_stay() {
    assertThat(preview(person, "=a & 'b'", Map.of("a", "a")).text("output")).isEqualTo("ab");
  }

  @Test
  void what_comes_to_nothing_is_null() {
    assertThat(preview(person, "a.b", Map.of()).response().body()).isEqualTo("{\"output\":null}");
  }

  @Test
  void the_time_is_the_one_given() {
    Answer answer =
        person.post(
            "/v1/expressions/preview",
            Map.of("expression", "$now()", "now", "2026-03-29T01:30:00Z"));

    assertThat(answer.text("output")).isEqualTo("2026-03-29T01:30:00.000Z");
  }

  @Test
  void an_expression_that_cannot_be_read_is_refused_with_its_position() {
    Answer answer = preview(person, "=a + ", Map.of());

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text("code")).isEqualTo("validation_failed");
    assertThat(answer.text("errors.0.pointer")).isEqualTo("/expression");
    assertThat(answer.body().at("/errors/0/position").asInt()).isEqualTo(5);
  }

  @Test
  void an_expression_that_comes_to_no_answer_is_refused_with_its_position() {
    Answer answer = preview(person, "a + 'x'", Map.of("a", 1));

    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.text("code")).isEqualTo("expression_failed");
    assertThat(answer.body().at("/errors/0/position").asInt()).isEqualTo(2);
    assertThat(answer.text("detail")).contains("$number").endsWith("one.");
  }

  @Test
  void a_hostile_expression_ends_and_the_next_preview_works() {
    Answer hostile = preview(person, "($f := function($n){$f($n + 1)}; $f(0))", Map.of());
    Answer next = preview(person, "1 + 1", Map.of());

    assertThat(hostile.status()).isEqualTo(422);
    assertThat(next.response().body()).isEqualTo("{\"output\":2}");
  }

  @Test
  void nothing_that_a_client_sends_is_a_fault_of_the_server() {
    for (String body :
        List.of(
            "{}",
            "{\"expression\":null}",
            "{\"expression\":1}",
            "{\"expression\":\"1\",\"now\":\"yesterday\"}",
            "{\"expression\":\"1\",\"other\":1}",
            "{\"expression\":\"" + "(".repeat(5000) + "\"}",
            "{\"expression\":\"" + "1+".repeat(5000) + "1\"}",
            "[]",
            "")) {
      Answer answer = person.post("/v1/expressions/preview", body);
      assertThat(answer.status()).as(body).isBetween(400, 422);
      assertThat(answer.text("remedy")).as(body).isNotBlank();
    }
  }

  @Test
  void only_who_is_signed_in_may_ask() {
    assertThat(preview(server.client(), "1", Map.of()).status()).isEqualTo(401);
  }

  @Test
  void a_person_may_ask_so_many_times_a_minute() {
    ApiClient eager = server.client().register("eager@example.com").client();

    Answer last = preview(eager, "1", Map.of());
    assertThat(last.header("RateLimit-Limit"))
        .isEqualTo(Integer.toString(PreviewController.PER_MINUTE));
    int asked = 1;
    while (last.status() == 200 && asked < 2 * PreviewController.PER_MINUTE) {
      last = preview(eager, "1", Map.of());
      asked++;
    }
    assertThat(last.status()).isEqualTo(429);
    assertThat(last.header("Retry-After")).isNotBlank();
    assertThat(preview(person, "1", Map.of()).status()).isEqualTo(200);
  }
}
