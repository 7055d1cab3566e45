package io.claritystream.maestro.definition;

import java.util.List;
import java.util.Map;

/// Documents for tests, as a client would send them.
final class Documents {

  /// A webhook whose body is mapped and sent on.
  static Map<String, Object> webhookToHttp(String name) {
    return Map.of(
        "name",
        name,
        "triggers",
        List.of(Map.of("id", "hook", "type", "webhook"), Map.of("id", "api", "type", "api")),
        "steps",
        List.of(
            Map.of(
                "id",
                "map",
                "type",
                "transform",
                "input",
                Map.of("order", "=trigger.body"),
                "config",
                Map.of("expression", "{'total': $sum(order.lines.amount)}")),
            Map.of(
                "id",
                "call",
                "type",
                "http_request",
                "config",
                Map.of(
                    "method", "POST", "url", "https://erp.example/orders", "body", "=steps.map"))),
        "edges",
        List.of(
            Map.of("from", "hook", "to", "map"),
            Map.of("from", "api", "to", "map"),
            Map.of("from", "map", "to", "call")));
  }

  private Documents() {}
}
