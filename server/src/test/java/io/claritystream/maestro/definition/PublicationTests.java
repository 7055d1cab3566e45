package io.claritystream.maestro.definition;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What is written of a published document is what the document says.
class PublicationTests {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int DOCUMENTS = 40;

  private static TestServer server;
  private static Registered owner;

  @BeforeAll
  static void begin() {
    server = TestServer.start();
    owner = server.client().register("owner@example.com");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  @Test
  void random_documents_without_circles_are_published_and_the_tables_say_what_they_say() {
    for (int seed = 1; seed <= DOCUMENTS; seed++) {
      JsonNode document = new Drawn(seed).document();
      Answer made = owner.client().post("/v1/workflows", Map.of("document", document));
      assertThat(made.status()).as("seed %d: %s", seed, made.response().body()).isEqualTo(201);
      String id = made.text("id");
      Answer published = owner.client().post("/v1/workflows/" + id + "/publish", "");
      assertThat(published.status())
          .as("seed %d: %s", seed, published.response().body())
          .isEqualTo(200);

      JsonNode written = owner.client().get("/v1/workflows/" + id + "/versions/1").body();
      assertThat(written.get("document")).as("seed %d", seed).isEqualTo(document);
      assertThat(rows("trigger", id)).as("seed %d", seed).isEqualTo(parts(document, "triggers"));
      assertThat(rows("step", id)).as("seed %d", seed).isEqualTo(parts(document, "steps"));
      Map<String, String> actions = parts(document, "steps");
      actions.values().removeIf(each -> !each.startsWith("http_request"));
      assertThat(rows("action", id)).as("seed %d", seed).isEqualTo(actions);
      assertThat(order(id)).as("seed %d", seed).isEqualTo(ids(document));
      assertThat(published.body().get("webhooks").findValuesAsString("trigger"))
          .as("seed %d", seed)
          .containsExactlyInAnyOrderElementsOf(
              parts(document, "triggers").entrySet().stream()
                  .filter(each -> each.getValue().startsWith("webhook"))
                  .map(Map.Entry::getKey)
                  .toList());
    }
  }

  /// Key → type and config, as the table has them.
  private static Map<String, String> rows(String table, String workflow) {
    Map<String, String> rows = new TreeMap<>();
    JdbcClient sql = server.database().superuser();
    sql.sql(
            "SELECT key, type, config::text AS config FROM maestro.%s WHERE workflow_id = :workflow"
                .formatted(table))
        .param("workflow", UUID.fromString(workflow))
        .query(
            row -> {
              rows.put(
                  row.getString("key"),
                  row.getString("type") + " " + sorted(JSON.readTree(row.getString("config"))));
            });
    return rows;
  }

  /// The same, as the document has them.
  private static Map<String, String> parts(JsonNode document, String list) {
    Map<String, String> parts = new TreeMap<>();
    for (JsonNode part : document.get(list)) {
      JsonNode config = part.has("config") ? part.get("config") : JSON.createObjectNode();
      parts.put(
          part.get("id").stringValue(), part.get("type").stringValue() + " " + sorted(config));
    }
    return parts;
  }

  /// jsonb does not keep the order of members.
  private static Object sorted(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> members = new TreeMap<>();
      node.properties().forEach(each -> members.put(each.getKey(), sorted(each.getValue())));
      return members;
    }
    if (node.isArray()) {
      return node.valueStream().map(PublicationTests::sorted).toList();
    }
    return node.toString();
  }

  private static List<String> order(String workflow) {
    return server
        .database()
        .superuser()
        .sql("SELECT key FROM maestro.step WHERE workflow_id = :workflow ORDER BY ordinal")
        .param("workflow", UUID.fromString(workflow))
        .query(String.class)
        .list();
  }

  private static List<String> ids(JsonNode document) {
    return document.get("steps").valueStream().map(each -> each.get("id").stringValue()).toList();
  }

  /// A document that can be published, drawn by lot: edges lead only from earlier parts to later
  /// ones, and the steps are listed in another order.
  private static final class Drawn {
    private final Random random;
    private final List<Object> edges = new ArrayList<>();

    Drawn(int seed) {
      random = new Random(seed);
    }

    JsonNode document() {
      int triggers = 1 + random.nextInt(3);
      int steps = 1 + random.nextInt(25);
      List<Object> drawnTriggers = new ArrayList<>();
      for (int i = 0; i < triggers; i++) {
        drawnTriggers.add(Map.of("id", "t" + i, "type", random.nextBoolean() ? "webhook" : "api"));
        edges.add(edge("t" + i, "s" + (i == 0 ? 0 : random.nextInt(steps)), null));
      }
      List<Map<String, Object>> drawn = new ArrayList<>();
      boolean[] branch = new boolean[steps];
      for (int i = 0; i < steps; i++) {
        if (i > 0) {
          into(i, branch);
        }
        Map<String, Object> step = step(i, i < steps - 1);
        branch[i] = step.get("type").equals("branch");
        drawn.add(step);
        if (branch[i]) {
          edges.add(edge("s" + i, "s" + (i + 1), "yes"));
        }
      }
      Collections.shuffle(drawn, random);
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("name", "Drawn " + random.nextInt(1_000));
      document.put("triggers", drawnTriggers);
      document.put("steps", drawn);
      document.put("edges", edges);
      return JSON.valueToTree(document);
    }

    /// One edge at least from something earlier that is reached itself.
    private void into(int step, boolean[] branch) {
      int from = random.nextInt(step);
      Map<String, Object> edge = edge("s" + from, "s" + step, branch[from] ? "no" : null);
      if (!edges.contains(edge)) {
        edges.add(edge);
      }
    }

    private Map<String, Object> step(int number, boolean mayBranch) {
      Map<String, Object> step = new LinkedHashMap<>();
      step.put("id", "s" + number);
      switch (random.nextInt(mayBranch ? 5 : 4)) {
        case 0 -> {
          step.put("type", "http_request");
          Map<String, Object> config = new LinkedHashMap<>();
          config.put("method", "POST");
          config.put("url", "https://x.example/" + number);
          config.put(
              "body", Map.of("n", random.nextLong(), "x", random.nextDouble(), "e", "=trigger"));
          if (random.nextBoolean()) {
            config.put("ok_statuses", List.of("200"));
          }
          step.put("config", config);
        }
        case 1 -> {
          step.put("type", "transform");
          step.put("config", Map.of("expression", "{'n': trigger.body.n + " + number + "}"));
        }
        case 2 -> {
          step.put("type", "fail");
          step.put("config", Map.of("message", "No \u00e9\ud83d\ude00 " + number));
        }
        case 3 -> {
          step.put("type", "set");
          step.put("config", Map.of("values", Map.of("a", List.of(1, 2.5, "=execution.id"))));
        }
        default -> {
          step.put("type", "branch");
          Map<String, Object> config = new LinkedHashMap<>();
          config.put("cases", List.of(ordered("name", "yes", "when", "=trigger.body.n > 1")));
          config.put("otherwise", "no");
          step.put("config", config);
          // Where `otherwise` leads is drawn with the later steps; this one is always there.
          edges.add(edge("s" + number, "s" + (number + 1), "no"));
        }
      }
      return step;
    }

    private static Map<String, Object> edge(String from, String to, String caseName) {
      return caseName == null
          ? ordered("from", from, "to", to)
          : ordered("from", from, "to", to, "case", caseName);
    }

    private static Map<String, Object> ordered(String... namesAndValues) {
      Map<String, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < namesAndValues.length; i += 2) {
        map.put(namesAndValues[i], namesAndValues[i + 1]);
      }
      return map;
    }
  }
}
