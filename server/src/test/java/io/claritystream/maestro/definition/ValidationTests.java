package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Expressions;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

/// Each thing that can be wrong with a document whose shape is right.
class ValidationTests {
  private static final String PRESENT = "11111111-1111-1111-1111-111111111111";
  private static final String MISSING = "22222222-2222-2222-2222-222222222222";

  /// Two triggers, a transform, a branch, two calls, one of which has an error edge.
  private static final String SOUND =
      """
      {"name": "Order to ERP",
       "settings": {"redact": ["trigger.body.password", "steps.call.body.token"],
                    "correlation_key": "=trigger.body.order_id"},
       "triggers": [
         {"id": "hook", "type": "webhook", "config": {"respond": "respond_step"}},
         {"id": "api", "type": "api"}],
       "steps": [
         {"id": "map", "type": "transform", "input": {"order": "=trigger.body"},
          "config": {"expression": "{'total': $sum(order.lines.amount)}"}},
         {"id": "check", "type": "branch",
          "config": {"cases": [{"name": "big", "when": "=steps.map.total > 1000"}],
                     "otherwise": "small"}},
         {"id": "call", "type": "http_request", "on_error": "edge",
          "config": {"method": "POST", "url": "https://erp.example/orders", "body": "=steps.map",
                     "connection": "11111111-1111-1111-1111-111111111111"}},
         {"id": "bad", "type": "fail", "config": {"message": "='No ' & steps.call.error.message"}},
         {"id": "vars", "type": "set", "config": {"values": {"a": "=steps.map.total", "b": 1}}},
         {"id": "answer", "type": "respond", "config": {"body": "=steps"}}],
       "edges": [
         {"from": "hook", "to": "map"}, {"from": "api", "to": "map"},
         {"from": "map", "to": "check"},
         {"from": "check", "to": "call", "case": "big"},
         {"from": "check", "to": "vars", "case": "small"},
         {"from": "call", "to": "bad", "on": "error"},
         {"from": "call", "to": "answer"}, {"from": "vars", "to": "answer"}]}
      """;

  @Test
  void a_sound_document_has_no_flaw() throws DocumentFault {
    assertThat(flaws(SOUND)).isEmpty();
  }

  static List<Arguments> faults() {
    return List.of(
        fault(
            "an id twice",
            "{\"id\": \"vars\"",
            "{\"id\": \"map\", \"type\": \"set\"}, {\"id\": \"vars\"",
            "/steps/4/id duplicate_id"),
        fault(
            "an edge from nothing",
            "{\"from\": \"api\", \"to\": \"map\"}",
            "{\"from\": \"apj\", \"to\": \"map\"}",
            "/edges/1/from unknown_reference",
            "/triggers/1 leads_nowhere"),
        fault(
            "an edge to nothing",
            "{\"from\": \"api\", \"to\": \"map\"}",
            "{\"from\": \"api\", \"to\": \"mapp\"}",
            "/edges/1/to unknown_reference",
            "/triggers/1 leads_nowhere"),
        fault(
            "an edge into a trigger",
            "{\"from\": \"call\", \"to\": \"answer\"}",
            "{\"from\": \"call\", \"to\": \"answer\"}, {\"from\": \"vars\", \"to\": \"api\"}",
            "/edges/7/to into_trigger"),
        fault(
            "the same edge twice",
            "{\"from\": \"api\", \"to\": \"map\"}",
            "{\"from\": \"api\", \"to\": \"map\"}, {\"from\": \"api\", \"to\": \"map\"}",
            "/edges/2 duplicate_edge"),
        fault(
            "a circle",
            "{\"from\": \"map\", \"to\": \"check\"}",
            "{\"from\": \"map\", \"to\": \"check\"}, {\"from\": \"vars\", \"to\": \"map\"}",
            "/edges/3 cycle"),
        fault(
            "a step that leads to itself",
            "{\"from\": \"map\", \"to\": \"check\"}",
            "{\"from\": \"map\", \"to\": \"check\"}, {\"from\": \"vars\", \"to\": \"vars\"}",
            "/edges/3 cycle"),
        fault(
            "a step that nothing leads to",
            "{\"id\": \"bad\"",
            "{\"id\": \"alone\", \"type\": \"set\"}, {\"id\": \"bad\"",
            "/steps/3 unreachable"),
        fault(
            "a case without an edge",
            "{\"from\": \"check\", \"to\": \"vars\", \"case\": \"small\"}",
            "{\"from\": \"check\", \"to\": \"vars\", \"case\": \"big\"}",
            "/steps/1/config/otherwise case_without_edge"),
        fault(
            "an edge of a case that is not there",
            "\"case\": \"small\"",
            "\"case\": \"smal\"",
            "/edges/4/case unknown_reference",
            "/steps/1/config/otherwise case_without_edge"),
        fault(
            "an edge of a branch without a case",
            ", \"case\": \"small\"",
            "",
            "/edges/4 edge_without_case",
            "/steps/1/config/otherwise case_without_edge"),
        fault(
            "a case of a step that is no branch",
            "{\"from\": \"map\", \"to\": \"check\"}",
            "{\"from\": \"map\", \"to\": \"check\", \"case\": \"big\"}",
            "/edges/2/case case_of_no_branch"),
        fault(
            "a condition of a trigger's edge",
            "{\"from\": \"api\", \"to\": \"map\"}",
            "{\"from\": \"api\", \"to\": \"map\", \"on\": \"error\"}",
            "/edges/1 condition_of_trigger"),
        fault(
            "a case and an error in one edge",
            "\"case\": \"small\"}",
            "\"case\": \"small\"}, {\"from\": \"check\", \"to\": \"bad\", \"case\": \"big\", \"on\": \"error\"}",
            "/edges/5 case_and_error"),
        fault(
            "two cases of one name",
            "[{\"name\": \"big\"",
            "[{\"name\": \"big\", \"when\": true}, {\"name\": \"big\"",
            "/steps/1/config/cases/1/name duplicate_id"),
        fault(
            "a branch without cases",
            "[{\"name\": \"big\", \"when\": \"=steps.map.total > 1000\"}]",
            "[]",
            "/steps/1/config/cases no_case",
            "/edges/3/case unknown_reference"),
        fault(
            "a condition that is none",
            "\"when\": \"=steps.map.total > 1000\"",
            "\"when\": \"steps.map.total > 1000\"",
            "/steps/1/config/cases/0/when bad_condition"),
        fault(
            "a branch that goes on after an error",
            "\"type\": \"branch\",",
            "\"type\": \"branch\", \"on_error\": \"continue\",",
            "/steps/1/on_error branch_continues"),
        fault(
            "an error edge that is never taken",
            "\"on_error\": \"edge\",",
            "",
            "/edges/5/on error_edge_unused"),
        fault(
            "no error edge where one is needed",
            "{\"from\": \"call\", \"to\": \"bad\", \"on\": \"error\"}",
            "{\"from\": \"call\", \"to\": \"bad\"}",
            "/steps/2/on_error error_edge_missing"),
        fault(
            "a respond step that nobody waits for",
            "\"respond\": \"respond_step\"",
            "\"respond\": \"at_once\"",
            "/steps/5 nobody_waits"),
        fault(
            "a status that is none",
            "\"config\": {\"body\": \"=steps\"}",
            "\"config\": {\"status\": 99, \"body\": \"=steps\"}",
            "/steps/5/config/status out_of_range"),
        fault(
            "an address that is none",
            "https://erp.example/orders",
            "ftp://erp.example/orders",
            "/steps/2/config/url bad_url"),
        fault(
            "an address with a password",
            "https://erp.example/orders",
            "https://me:secret@erp.example/orders",
            "/steps/2/config/url bad_url"),
        fault(
            "a header that is none",
            "\"method\": \"POST\",",
            "\"method\": \"POST\", \"headers\": {\"a b\": \"c\", \"d\": 1},",
            "/steps/2/config/headers/a b bad_header",
            "/steps/2/config/headers/d wrong_type"),
        fault(
            "a connection that is not there",
            PRESENT,
            MISSING,
            "/steps/2/config/connection missing_connection"),
        fault(
            "an expression that cannot be read",
            "=steps.map.total > 1000",
            "=steps.map.total > ",
            "/steps/1/config/cases/0/when bad_expression"),
        fault(
            "a function that there is not",
            "\"a\": \"=steps.map.total\"",
            "\"a\": {\"b\": [\"=$nosuch(steps.map.total)\"]}",
            "/steps/4/config/values/a/b/0 unknown_function"),
        fault(
            "too few arguments for a function",
            "$sum(order.lines.amount)",
            "$sum()",
            "/steps/0/config/expression wrong_arguments"),
        fault(
            "a transform that cannot be read",
            "{'total': $sum(order.lines.amount)}",
            "{'total': $sum(order.lines.amount)",
            "/steps/0/config/expression bad_expression"),
        fault(
            "a transform that begins with =",
            "{'total': $sum(order.lines.amount)}",
            "=order",
            "/steps/0/config/expression bad_expression"),
        fault(
            "a step that an expression reads and that is not there",
            "\"a\": \"=steps.map.total\"",
            "\"a\": {\"b\": [\"=steps.mapp.total\"]}",
            "/steps/4/config/values/a/b/0 unknown_reference"),
        fault(
            "a trigger that an expression reads as if it were a step",
            "\"a\": \"=steps.map.total\"",
            "\"a\": \"=steps.hook.body\"",
            "/steps/4/config/values/a unknown_reference"),
        fault(
            "a step that an expression reads and that does not run before",
            "\"a\": \"=steps.map.total\"",
            "\"a\": \"=steps.call.body\"",
            "/steps/4/config/values/a not_before"),
        fault(
            "a step that an expression reads in its own input",
            "\"input\": {\"order\": \"=trigger.body\"}",
            "\"input\": {\"order\": \"=steps.map\"}",
            "/steps/0/input/order not_before"),
        fault(
            "a step's output before any step runs",
            "\"=trigger.body.order_id\"",
            "\"=steps.map.total\"",
            "/settings/correlation_key not_before"),
        fault(
            "a name that no expression sees",
            "\"a\": \"=steps.map.total\"",
            "\"a\": \"=order.total\"",
            "/steps/4/config/values/a unknown_reference"),
        fault(
            "input where the step maps none",
            "\"a\": \"=steps.map.total\"",
            "\"a\": \"=input.total\"",
            "/steps/4/config/values/a unknown_reference"),
        fault(
            "a redaction of a step that is not there",
            "steps.call.body.token",
            "steps.cal.body.token",
            "/settings/redact/1 unknown_reference"),
        fault(
            "a longest wait that is shorter than the first",
            "\"on_error\": \"edge\",",
            "\"on_error\": \"edge\", \"retry\": {\"count\": 1, \"backoff_ms\": 70000},",
            "/steps/2/retry/backoff_max_ms out_of_range"));
  }

  private static Arguments fault(String what, String from, String to, String... expected) {
    return Arguments.of(what, from, to, expected);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void each_fault_is_found_where_it_is_and_nothing_else(
      String what, String from, String to, String[] expected) throws DocumentFault {
    assertThat(SOUND).as("what the fault changes").contains(from);
    String faulty = SOUND.replace(from, to);

    List<Flaw> flaws = flaws(faulty);

    assertThat(flaws)
        .extracting(flaw -> flaw.pointer() + " " + flaw.code())
        .containsExactlyInAnyOrder(expected);
    assertThat(flaws)
        .allSatisfy(
            flaw -> {
              assertThat(flaw.message()).isNotBlank().doesNotEndWith(".");
              assertThat(flaw.remedy()).endsWith(".");
            });
  }

  @Test
  void nothing_at_all_is_told_to_begin_with_a_trigger_and_a_step() throws DocumentFault {
    assertThat(flaws("{\"name\": \"Empty\"}"))
        .extracting(flaw -> flaw.pointer() + " " + flaw.code())
        .containsExactly("/triggers no_trigger", "/steps no_step");
  }

  @Test
  void a_caller_who_waits_where_no_respond_step_is_reached_is_found() throws DocumentFault {
    assertThat(
            flaws(
                """
                {"name": "x",
                 "triggers": [
                   {"id": "a", "type": "webhook", "config": {"respond": "respond_step"}},
                   {"id": "b", "type": "webhook", "config": {"respond": "respond_step"}}],
                 "steps": [
                   {"id": "one", "type": "set"}, {"id": "two", "type": "respond"}],
                 "edges": [{"from": "a", "to": "one"}, {"from": "b", "to": "two"}]}
                """))
        .extracting(flaw -> flaw.pointer() + " " + flaw.code())
        .containsExactly("/triggers/0/config/respond nobody_answers");
  }

  @Test
  void a_circle_is_named_by_its_steps() throws DocumentFault {
    Flaw circle =
        flaws(
                """
                {"name": "x", "triggers": [{"id": "api", "type": "api"}],
                 "steps": [{"id": "a", "type": "set"}, {"id": "b", "type": "set"},
                           {"id": "c", "type": "set"}, {"id": "d", "type": "set"},
                           {"id": "e", "type": "set"}],
                 "edges": [{"from": "api", "to": "a"}, {"from": "a", "to": "b"},
                           {"from": "b", "to": "c"}, {"from": "c", "to": "a"},
                           {"from": "c", "to": "d"}, {"from": "d", "to": "e"},
                           {"from": "e", "to": "d"}]}
                """)
            .getFirst();

    assertThat(circle.message()).contains("a → b → c → a");
    assertThat(
            flaws(
                """
                {"name": "x", "triggers": [{"id": "api", "type": "api"}],
                 "steps": [{"id": "a", "type": "set"}, {"id": "b", "type": "set"},
                           {"id": "c", "type": "set"}, {"id": "d", "type": "set"}],
                 "edges": [{"from": "api", "to": "a"}, {"from": "a", "to": "b"},
                           {"from": "b", "to": "a"}, {"from": "b", "to": "c"},
                           {"from": "c", "to": "d"}, {"from": "d", "to": "c"}]}
                """))
        .extracting(Flaw::message)
        .containsExactly("closes a circle: a → b → a", "closes a circle: c → d → c");
  }

  @Test
  void an_expression_that_cannot_be_read_is_told_with_its_place() throws DocumentFault {
    Flaw flaw = flaws(SOUND.replace("=steps.map.total > 1000", "=steps.map.total > ]")).getFirst();

    assertThat(flaw.message()).contains("at character 19");
  }

  @Test
  void a_function_that_there_is_not_is_told_with_the_nearest_that_there_is() throws DocumentFault {
    Flaw flaw = flaws(SOUND.replace("$sum(order", "$summ(order")).getFirst();

    assertThat(flaw.message())
        .isEqualTo("at character 11: There is no function $summ; the nearest is $sum");
  }

  @Test
  void all_flaws_are_told_at_once_and_no_more_than_a_hundred() throws DocumentFault {
    String many =
        IntStream.range(0, 150)
            .mapToObj(i -> "{\"from\": \"x%d\", \"to\": \"y\"}".formatted(i))
            .collect(Collectors.joining(", ", "{\"name\": \"x\", \"edges\": [", "]}"));

    assertThat(flaws(many)).hasSize(Flaws.MAX);
  }

  static List<Flaw> flaws(String document) throws DocumentFault {
    StaticListableBeanFactory beans = new StaticListableBeanFactory();
    ConnectionCheck check =
        (JdbcClient sql, TenantId tenant, Set<UUID> connections) ->
            connections.stream()
                .filter(each -> !each.toString().equals(PRESENT))
                .collect(Collectors.toSet());
    beans.addBean("connections", check);
    return new Validation(new Expressions(), beans.getBeanProvider(ConnectionCheck.class))
        .flaws(
            JdbcClient.create(new DriverManagerDataSource()),
            new TenantId(UUID.randomUUID()),
            WorkflowDocument.parse(document));
  }
}
