package io.claritystream.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;

/// The workflows that are measured: a webhook that answers at once, and steps that map and
/// calculate. None reaches outside, so that what is measured is the engine.
final class HookedWorkflows {
  private static final String PLAN = "enterprise";

  private HookedWorkflows() {}

  /// @param path of its webhook on the server
  record Hooked(UUID id, String path, int steps) {}

  /// Gives the newest organization the plan that allows most at once.
  static UUID widen(Installation installation) throws SQLException {
    try (Connection superuser = installation.superuser()) {
      String tenant =
          Sql.text(
              superuser,
              "SELECT tenant_id::text FROM control.dim_tenant ORDER BY created_at DESC LIMIT 1");
      if (tenant == null) {
        throw new BenchFailedException("there is no organization");
      }
      UUID id = UUID.fromString(tenant);
      try (PreparedStatement statement =
          superuser.prepareStatement(
              "UPDATE control.dim_tenant SET plan = ? WHERE tenant_id = ?")) {
        statement.setString(1, PLAN);
        statement.setObject(2, id);
        statement.executeUpdate();
      }
      return id;
    }
  }

  /// Webhook, transform, set; with three steps a second transform between them.
  static Hooked make(Api api, int steps) {
    ObjectNode document = Api.JSON.createObjectNode();
    document.put("name", "Orders in " + steps + " steps");
    document
        .putArray("triggers")
        .addObject()
        .put("id", "hook")
        .put("type", "webhook")
        .putObject("config")
        .put("respond", "at_once");
    ArrayNode list = document.putArray("steps");
    ArrayNode edges = document.putArray("edges");
    String last = "hook";
    for (int n = 1; n < steps; n++) {
      String id = "map" + n;
      ObjectNode step = list.addObject().put("id", id).put("type", "transform");
      step.putObject("input").put("order", "=trigger.body.order");
      step.putObject("config")
          .put("expression", "{\"id\": order.id, \"total\": $sum(order.lines.amount)}");
      edges.addObject().put("from", last).put("to", id);
      last = id;
    }
    list.addObject()
        .put("id", "finish")
        .put("type", "set")
        .putObject("config")
        .putObject("values")
        .put("total", "=steps." + last + ".total")
        .put("done", true);
    edges.addObject().put("from", last).put("to", "finish");
    ObjectNode body = Api.JSON.createObjectNode();
    body.set("document", document);
    String id = api.post("/v1/workflows", body).path("id").asText();
    JsonNode published = api.post("/v1/workflows/" + id + "/publish", Api.JSON.createObjectNode());
    String url = published.at("/webhooks/0/url").asText();
    return new Hooked(UUID.fromString(id), URI.create(url).getPath(), steps);
  }
}
