package io.claritystream.base.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// JSON that is as a route wants it, but for one value.
///
/// @param description the API's, OpenAPI
/// @param id what ids are in it
record HostileJson(JsonNode description, UUID id) {
  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int DEPTH_MAX = 4;

  /// What a route would take, by its description.
  static JsonNode sample(JsonNode description, JsonNode schema, UUID id) {
    return new HostileJson(description, id).sample(schema, 0);
  }

  private JsonNode sample(JsonNode schema, int depth) {
    String reference = schema.path("$ref").asString("");
    if (!reference.isEmpty()) {
      return sample(description.at(reference.substring(1)), depth);
    }
    if (schema.has("enum")) {
      return schema.path("enum").get(0);
    }
    JsonNode types = schema.path("type");
    String type = types.isArray() ? types.get(0).asString() : types.asString("object");
    return switch (type) {
      case "string" ->
          JSON.getNodeFactory()
              .stringNode(
                  switch (schema.path("format").asString("")) {
                    case "uuid" -> id.toString();
                    case "date-time" -> "2026-01-01T00:00:00Z";
                    case "email" -> "someone@example.com";
                    default -> "a text that is long enough";
                  });
      case "integer", "number" -> JSON.getNodeFactory().numberNode(1);
      case "boolean" -> JSON.getNodeFactory().booleanNode(true);
      case "array" -> {
        ArrayNode array = JSON.createArrayNode();
        yield depth < DEPTH_MAX ? array.add(sample(schema.path("items"), depth + 1)) : array;
      }
      default -> {
        ObjectNode object = JSON.createObjectNode();
        if (depth < DEPTH_MAX) {
          schema
              .path("properties")
              .properties()
              .forEach(one -> object.set(one.getKey(), sample(one.getValue(), depth + 1)));
        }
        yield object;
      }
    };
  }

  /// The same, each time with one value of it replaced, or left out.
  static List<String> changed(JsonNode whole) {
    List<String> all = new ArrayList<>();
    String mark = "\"mark-" + new Random(7).nextLong() + "\"";
    for (String pointer : pointers(whole, "")) {
      String marked = replaced(whole, pointer, mark);
      for (String value : Hostile.JSON) {
        all.add(marked.replace(mark, value));
      }
    }
    all.sort(Comparator.comparing(String::length));
    return all;
  }

  private static List<String> pointers(JsonNode node, String at) {
    List<String> all = new ArrayList<>();
    if (node.isObject()) {
      node.properties()
          .forEach(
              one -> {
                String pointer = at + "/" + one.getKey();
                all.add(pointer);
                all.addAll(pointers(one.getValue(), pointer));
              });
    } else if (node.isArray()) {
      for (int index = 0; index < node.size(); index++) {
        all.add(at + "/" + index);
        all.addAll(pointers(node.get(index), at + "/" + index));
      }
    }
    return all;
  }

  private static String replaced(JsonNode whole, String pointer, String mark) {
    JsonNode copy = whole.deepCopy();
    int slash = pointer.lastIndexOf('/');
    JsonNode parent = copy.at(pointer.substring(0, slash));
    JsonNode text = JSON.readTree(mark);
    if (parent instanceof ObjectNode object) {
      object.set(pointer.substring(slash + 1), text);
    } else {
      ((ArrayNode) parent).set(Integer.parseInt(pointer.substring(slash + 1)), text);
    }
    return copy.toString();
  }
}
