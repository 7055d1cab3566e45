package io.claritystream.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A published workflow that chaos runs, and which of its steps act.
///
/// @param hook the webhook's path
record MaestroWorkflow(String name, UUID id, String hook) {
  private static final String CALL =
      """
      {"id": "%s", "type": "http_request", "timeout_ms": 1500, "on_error": "%s",
       "config": {"method": "POST", "url": "%s/%s", "on_unknown": "%s",
         "body": {"execution": "=execution.id", "step": "%s", "n": "=trigger.body.n"}},
       "retry": {"count": 15, "backoff_ms": 60, "factor": 2, "backoff_max_ms": 800, "jitter": 0.5,
         "on": ["connect", "timeout", "http_5xx"]}}\
      """;

  private static final String MAP =
      """
      {"id": "map", "type": "transform", "config": {"expression": "{'twice': trigger.body.n * 2}"}}\
      """;

  private static final String LAST =
      """
      {"id": "last", "type": "set", "config": {"values": {"n": "=trigger.body.n", "seen": "=steps"}}}\
      """;

  /// Publishes one of each kind.
  static List<MaestroWorkflow> publish(Api api, String receiver) {
    List<MaestroWorkflow> all = new ArrayList<>();
    all.add(publish(api, "pure", "at_once", edges("hook map last", "api map last"), MAP, LAST));
    all.add(
        publish(
            api,
            "calls",
            "at_once",
            edges("hook map first second last", "api map first second last"),
            MAP,
            call("first", "stop", receiver, "effect", "retry"),
            call("second", "stop", receiver, "effect", "retry"),
            LAST));
    all.add(
        publish(
            api,
            "branch",
            "at_once",
            """
            {"from": "hook", "to": "odd"}, {"from": "api", "to": "odd"},
            {"from": "odd", "to": "first", "case": "odd"}, {"from": "odd", "to": "last", "case": "even"},
            {"from": "first", "to": "last"}
            """,
            """
            {"id": "odd", "type": "branch", "config": {"cases": [{"name": "odd", "when": "=trigger.body.n % 2 = 1"}], "otherwise": "even"}}
            """,
            call("first", "continue", receiver, "effect", "retry"),
            LAST));
    all.add(
        publish(
            api,
            "refused",
            "at_once",
            """
            {"from": "hook", "to": "no"}, {"from": "api", "to": "no"},
            {"from": "no", "to": "map"}, {"from": "no", "to": "first", "on": "error"},
            {"from": "first", "to": "last"}, {"from": "map", "to": "last"}
            """,
            call("no", "edge", receiver, "refuse", "retry"),
            MAP,
            call("first", "stop", receiver, "effect", "retry"),
            LAST));
    all.add(
        publish(
            api,
            "answers",
            "respond_step",
            edges("hook first answer last", "api first answer last"),
            call("first", "stop", receiver, "effect", "retry"),
            """
            {"id": "answer", "type": "respond", "config": {"status": 200, "body": "=steps.first.body"}}
            """,
            LAST));
    all.add(
        publish(
            api,
            "parks",
            "at_once",
            edges("hook first last", "api first last"),
            call("first", "stop", receiver, "effect", "park"),
            LAST));
    return all;
  }

  private static String call(
      String id, String onError, String receiver, String path, String onUnknown) {
    return CALL.formatted(id, onError, receiver, path, onUnknown, id);
  }

  /// Of ways such as `hook map last`.
  private static String edges(String... ways) {
    List<String> edges = new ArrayList<>();
    for (String way : ways) {
      String[] ids = way.split(" ");
      for (int i = 1; i < ids.length; i++) {
        String edge = "{\"from\": \"%s\", \"to\": \"%s\"}".formatted(ids[i - 1], ids[i]);
        if (!edges.contains(edge)) {
          edges.add(edge);
        }
      }
    }
    return String.join(", ", edges);
  }

  private static MaestroWorkflow publish(
      Api api, String name, String answer, String edges, String... steps) {
    String document =
        """
        {"name": "%s",
         "triggers": [{"id": "hook", "type": "webhook", "config": {"respond": "%s", "timeout_s": 10}}, {"id": "api", "type": "api"}],
         "steps": [%s],
         "edges": [%s]}
        """
            .formatted(name, answer, String.join(",\n", steps), edges);
    ObjectNode made = Api.JSON.createObjectNode();
    made.set("document", parsed(document));
    String id = api.post("/v1/workflows", made).path("id").asText();
    api.post("/v1/workflows/" + id + "/publish", Api.JSON.createObjectNode());
    String url = api.get("/v1/workflows/" + id).at("/webhooks/0/url").asText();
    return new MaestroWorkflow(name, UUID.fromString(id), url.substring(url.indexOf("/hooks/")));
  }

  private static @Nullable ObjectNode parsed(String document) {
    try {
      return (ObjectNode) Api.JSON.readTree(document);
    } catch (java.io.IOException e) {
      throw new IllegalStateException(document, e);
    }
  }
}
