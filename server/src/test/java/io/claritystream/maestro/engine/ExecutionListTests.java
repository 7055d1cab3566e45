package io.claritystream.maestro.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Executions are found by each of their marks, and by several at once.
class ExecutionListTests {
  private static EngineRig rig;
  private static EngineRig.Workflow orders;
  private static EngineRig.Workflow refusals;
  private static String first;
  private static String second;
  private static String called;
  private static String refused;
  private static Instant between;

  @BeforeAll
  static void begin() {
    rig = EngineRig.start(Map.of());
    orders =
        rig.publish(
            """
            {"name": "Orders", "triggers": [{"id": "api", "type": "api"}, {"id": "hook", "type": "webhook"}],
             "settings": {"execution_name": "='Order ' & (trigger.body ? trigger.body.id : trigger.id)",
               "correlation_key": "=trigger.customer"},
             "steps": [{"id": "done", "type": "set", "config": {"values": {"x": 1}}}],
             "edges": [{"from": "api", "to": "done"}, {"from": "hook", "to": "done"}]}
            """);
    refusals =
        rig.publish(
            """
            {"name": "Refusals", "triggers": [{"id": "api", "type": "api"}],
             "steps": [{"id": "no", "type": "fail", "config": {"message": "No."}}],
             "edges": [{"from": "api", "to": "no"}]}
            """);
    first = started(orders, "{\"input\": {\"id\": \"A%_1\", \"customer\": \"ACME\"}}");
    between = Instant.now();
    second = started(orders, "{\"input\": {\"id\": \"ß-2\", \"customer\": \"Other\"}}");
    called = rig.call(orders, Map.of("id", "A-3")).text("execution_id");
    refused = started(refusals, "{\"input\": {}}");
    for (var id : List.of(first, second, called, refused)) {
      rig.ended(UUID.fromString(id));
    }
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @Test
  void all_are_listed_the_newest_first() {
    assertThat(found("")).containsExactly(refused, called, second, first);
  }

  @Test
  void by_the_beginning_of_a_name_whatever_its_capitals() {
    assertThat(found("name=order")).containsExactly(called, second, first);
    assertThat(found("name=" + encoded("ORDER a"))).containsExactly(called, first);
    assertThat(found("name=" + encoded("order ß"))).containsExactly(second);
    assertThat(found("name=rder")).isEmpty();
  }

  @Test
  void a_name_is_no_pattern() {
    assertThat(found("name=" + encoded("order a%"))).containsExactly(first);
    assertThat(found("name=" + encoded("order a%_"))).containsExactly(first);
    assertThat(found("name=" + encoded("order _"))).isEmpty();
    assertThat(found("name=%25")).isEmpty();
  }

  @Test
  void by_workflow_state_trigger_error_and_correlation_key() {
    assertThat(found("workflow_id=" + refusals.id())).containsExactly(refused);
    assertThat(found("status=failed")).containsExactly(refused);
    assertThat(found("status=success")).containsExactly(called, second, first);
    assertThat(found("trigger_type=webhook")).containsExactly(called);
    assertThat(found("error=fail")).containsExactly(refused);
    assertThat(found("correlation_key=ACME")).containsExactly(first);
  }

  @Test
  void by_the_time_they_were_taken_in() {
    assertThat(found("from=" + between)).containsExactly(refused, called, second);
    assertThat(found("to=" + between)).containsExactly(first);
    assertThat(found("from=" + between + "&to=" + between)).isEmpty();
  }

  @Test
  void marks_narrow_together() {
    assertThat(found("name=order&trigger_type=api&from=" + between)).containsExactly(second);
  }

  private static String started(EngineRig.Workflow workflow, String body) {
    var answer = rig.owner.client().post("/v1/workflows/" + workflow.id() + "/executions", body);
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(202);
    return answer.text("execution_ids.0");
  }

  private static List<String> found(String query) {
    var answer = rig.owner.client().get("/v1/executions?" + query);
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
    var ids = new ArrayList<String>();
    answer.body().at("/data").forEach(item -> ids.add(item.at("/id").asString()));
    return ids;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }
}
