package io.claritystream.maestro.engine;

import io.claritystream.ApiClient.Answer;
import io.claritystream.ApiClient.Registered;
import io.claritystream.TestServer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A server that takes executions in and runs them, and someone who defines workflows there.
final class EngineRig implements AutoCloseable {
  static final JsonMapper JSON = JsonMapper.shared();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final TestServer server;
  final Registered owner;

  private EngineRig(TestServer server) {
    this.server = server;
    this.owner = server.client().register("owner@example.com");
  }

  static EngineRig start(Map<String, String> more) {
    var settings = new LinkedHashMap<String, String>();
    settings.put("clarity.roles", "api,maestro");
    settings.put("clarity.identity.sign-ins-by-address", "1000");
    settings.put("clarity.outbound.allow", "127.0.0.1/32:*");
    settings.putAll(more);
    return new EngineRig(TestServer.start(settings));
  }

  /// A published workflow.
  record Workflow(UUID id, String hook) {}

  Workflow publish(String document) {
    return publish(owner, document);
  }

  Workflow publish(Registered by, String document) {
    var made = by.client().post("/v1/workflows", "{\"document\":" + document + "}");
    if (made.status() != 201) {
      throw new AssertionError(made.response().body());
    }
    var id = UUID.fromString(made.text("id"));
    var published = by.client().post("/v1/workflows/" + id + "/publish", "{}");
    if (published.status() >= 300) {
      throw new AssertionError(published.response().body());
    }
    var workflow = by.client().get("/v1/workflows/" + id).body();
    return new Workflow(id, workflow.at("/webhooks/0/url").asString(""));
  }

  Answer call(Workflow workflow, Object body) {
    return server
        .client()
        .post(workflow.hook().substring(workflow.hook().indexOf("/hooks/")), body);
  }

  /// Waits until an execution has ended.
  JsonNode ended(UUID execution) {
    return Awaitility.await("the end of " + execution)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () -> owner.client().get("/v1/executions/" + execution).body(),
            seen -> seen.at("/finished_at").isString());
  }

  @Override
  public void close() {
    server.close();
  }
}
