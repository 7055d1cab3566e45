package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The published schema and the reader take and refuse the same documents.
class SchemaTests {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final Path FILE = Path.of("../docs/api/workflow.schema.json");

  /// Everything that a document can say, nowhere as it is by default.
  static final String FULL =
      """
      {"name": "Everything", "description": "All of it",
       "settings": {"timeout_s": 60, "redact": ["trigger.body.password", "steps.call"],
                    "correlation_key": "=trigger.body.id", "execution_name": "Order"},
       "triggers": [
         {"id": "hook", "type": "webhook",
          "config": {"respond": "respond_step", "body_max_bytes": 1000, "timeout_s": 5}},
         {"id": "api", "type": "api"}],
       "steps": [
         {"id": "map", "type": "transform", "input": {"a": [1, 2.5, null, true, "=trigger.body"]},
          "config": {"expression": "a"}, "timeout_ms": 500, "on_error": "continue",
          "idempotency_key": "=trigger.body.id",
          "retry": {"count": 3, "backoff_ms": 10, "factor": 1.5, "backoff_max_ms": 100,
                    "jitter": 0.5, "on": ["connect", "http_503", "http_4xx"]}},
         {"id": "check", "type": "branch", "on_error": "edge",
          "config": {"cases": [{"name": "big", "when": "=steps.map > 1"}], "otherwise": "small"}},
         {"id": "call", "type": "http_request",
          "config": {"method": "POST", "url": "https://x.example", "headers": {"X-A": "b"},
                     "query": {"q": "=trigger.body.q"}, "body": {"a": 1},
                     "connection": "11111111-1111-1111-1111-111111111111",
                     "ok_statuses": ["200", "3xx"], "on_unknown": "park",
                     "follow_redirects": true, "response_max_bytes": 5000}},
         {"id": "bad", "type": "fail", "config": {"message": "No"}},
         {"id": "vars", "type": "set", "config": {"values": {"a": 1}}},
         {"id": "answer", "type": "respond",
          "config": {"status": 201, "headers": {"X-B": "c"}, "body": "=steps.vars"}}],
       "edges": [{"from": "hook", "to": "map"}, {"from": "map", "to": "check"},
                 {"from": "check", "to": "call", "case": "big"},
                 {"from": "check", "to": "bad", "on": "error"}]}
      """;

  private static Schema schema;

  @BeforeAll
  static void begin() throws IOException {
    schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(FILE), InputFormat.JSON);
  }

  @Test
  void a_document_that_says_everything_is_taken_and_comes_back_as_it_was() throws DocumentFault {
    assertAgree(JSON.readTree(FULL), true);
    WorkflowDocument document = WorkflowDocument.parse(FULL);

    assertThat(WorkflowDocument.parse(document.toJson())).isEqualTo(document);
    assertThat(JSON.readTree(document.toJson())).isEqualTo(JSON.readTree(FULL));
  }

  @Test
  void what_equals_a_default_is_not_written() throws DocumentFault {
    String usual =
        """
        {"name": "x", "settings": {"timeout_s": 3600, "redact": []},
         "triggers": [{"id": "h", "type": "webhook",
           "config": {"respond": "at_once", "body_max_bytes": 262144, "timeout_s": 30}}],
         "steps": [{"id": "s", "type": "set", "timeout_ms": 30000, "on_error": "stop",
           "retry": {"count": 0, "factor": 2, "on": null}, "config": {"values": {}}}],
         "edges": []}
        """;
    assertAgree(JSON.readTree(usual), true);

    assertThat(WorkflowDocument.parse(usual).toJson())
        .isEqualTo(
            "{\"name\":\"x\",\"triggers\":[{\"id\":\"h\",\"type\":\"webhook\"}],"
                + "\"steps\":[{\"id\":\"s\",\"type\":\"set\",\"config\":{\"values\":{}}}],"
                + "\"edges\":[]}");
  }

  /// Every place of the full document, changed in every way that could be wrong, one at a time.
  @Test
  void schema_and_reader_agree_on_every_place_of_a_document_changed_in_many_ways() {
    JsonNode full = JSON.readTree(FULL);
    List<String> places = new ArrayList<>();
    places(full, "", places);
    List<JsonNode> values =
        List.of(
            JSON.readTree("null"),
            JSON.readTree("true"),
            JSON.readTree("0"),
            JSON.readTree("-1"),
            JSON.readTree("1.5"),
            JSON.readTree("5000"),
            JSON.readTree("99999999999999999999"),
            JSON.readTree("\"\""),
            JSON.readTree("\"Zz z\""),
            JSON.readTree("\"edge\""),
            JSON.readTree("\"" + "x".repeat(9_000) + "\""),
            JSON.readTree("[]"),
            JSON.readTree("[1]"),
            JSON.readTree("[" + "\"200\",".repeat(40) + "\"200\"]"),
            JSON.readTree("{}"),
            JSON.readTree("{\"unknown\": 1}"));
    int taken = 0;
    int refused = 0;
    for (String place : places) {
      List<JsonNode> changed = new ArrayList<>();
      values.forEach(value -> changed.add(with(full, place, value)));
      changed.add(without(full, place));
      if (full.at(place).isObject()) {
        changed.add(with(full, place + "/unknown", JSON.readTree("1")));
      }
      for (JsonNode document : changed) {
        if (assertAgree(document, null)) {
          taken++;
        } else {
          refused++;
        }
      }
    }
    System.out.println("documents taken by both " + taken + ", refused by both " + refused);
    assertThat(taken).isGreaterThan(300);
    assertThat(refused).isGreaterThan(700);
  }

  @Test
  void the_limits_on_lists_are_the_same() {
    for (Map.Entry<String, Integer> limit :
        Map.of("triggers", 20, "steps", 200, "edges", 400).entrySet()) {
      JsonNode one =
          JSON.readTree(
              switch (limit.getKey()) {
                case "triggers" -> "{\"id\": \"a\", \"type\": \"api\"}";
                case "steps" -> "{\"id\": \"a\", \"type\": \"set\"}";
                default -> "{\"from\": \"a\", \"to\": \"b\"}";
              });
      ObjectNode document = JSON.createObjectNode().put("name", "x");
      ArrayNode list = document.putArray(limit.getKey());
      for (int i = 0; i < limit.getValue(); i++) {
        list.add(one);
      }
      assertAgree(document, true);
      list.add(one);
      assertAgree(document, false);
    }
  }

  @Test
  void the_types_of_steps_and_triggers_are_the_same() {
    JsonNode defs = JSON.readTree(FILE.toFile()).get("$defs");
    TreeSet<String> words = new TreeSet<>();
    defs.at("/step/properties/type/enum").forEach(each -> words.add(each.stringValue()));

    assertThat(words)
        .containsExactlyInAnyOrder("http_request", "transform", "branch", "fail", "set", "respond")
        .hasSize(Step.Config.class.getPermittedSubclasses().length);
    assertThat(defs.at("/trigger/properties/type/enum"))
        .hasSize(Trigger.Config.class.getPermittedSubclasses().length);
  }

  @Test
  void what_is_no_json_is_told_by_its_place_and_not_by_its_parser() {
    Map.of(
            "{} {}", "has something after the value, at line 1, column 4",
            "{\"a\": 1, \"a\": 2}", "has a key twice, before line 1, column 13",
            "{\"a\"", "is not JSON at line 1, column 5")
        .forEach(
            (text, message) ->
                assertThatThrownBy(() -> WorkflowDocument.parse(text))
                    .isInstanceOfSatisfying(
                        DocumentFault.class,
                        fault -> {
                          assertThat(fault.flaws()).hasSize(1);
                          assertThat(fault.flaws().getFirst().code()).isEqualTo("not_json");
                          assertThat(fault.flaws().getFirst().message()).isEqualTo(message);
                        }));
  }

  /// @param expected null if either will do
  /// @return whether both take it
  private static boolean assertAgree(JsonNode document, Boolean expected) {
    String text = document.toString();
    var errors = schema.validate(text, InputFormat.JSON);
    String why = "";
    boolean taken;
    try {
      WorkflowDocument.parse(text);
      taken = true;
    } catch (DocumentFault fault) {
      taken = false;
      why = fault.flaws().toString();
    }
    String shown = text.length() > 3_000 ? text.substring(0, 3_000) : text;
    assertThat(errors.isEmpty())
        .as("the schema takes what the reader takes: %s; reader: %s; %s", errors, why, shown)
        .isEqualTo(taken);
    if (expected != null) {
      assertThat(taken).as("%s %s", why, shown).isEqualTo(expected);
    }
    return taken;
  }

  private static void places(JsonNode node, String pointer, List<String> places) {
    if (!pointer.isEmpty()) {
      places.add(pointer);
    }
    // What is mapped may be anything.
    if (pointer.matches(".*/(input|body|values|headers|query)")) {
      return;
    }
    if (node.isObject()) {
      node.properties()
          .forEach(each -> places(each.getValue(), pointer + "/" + each.getKey(), places));
    } else if (node.isArray()) {
      for (int i = 0; i < node.size(); i++) {
        places(node.get(i), pointer + "/" + i, places);
      }
    }
  }

  private static JsonNode with(JsonNode document, String place, JsonNode value) {
    JsonNode copy = document.deepCopy();
    int cut = place.lastIndexOf('/');
    JsonNode parent = copy.at(place.substring(0, cut));
    String name = place.substring(cut + 1);
    if (parent instanceof ObjectNode object) {
      object.set(name, value);
    } else if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(name), value);
    }
    return copy;
  }

  private static JsonNode without(JsonNode document, String place) {
    JsonNode copy = document.deepCopy();
    int cut = place.lastIndexOf('/');
    JsonNode parent = copy.at(place.substring(0, cut));
    String name = place.substring(cut + 1);
    if (parent instanceof ObjectNode object) {
      object.remove(name);
    } else if (parent instanceof ArrayNode array) {
      array.remove(Integer.parseInt(name));
    }
    return copy;
  }
}
