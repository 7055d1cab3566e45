package io.claritystream.maestro.definition;

import io.claritystream.base.http.UnreadJson;
import io.claritystream.protocol.text.WholeText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// JSON as plain Java: maps that keep their order, lists, `String`, `Long`, `BigInteger`, `Double`,
/// `Boolean`, null. What it gives cannot be changed.
final class PlainJson {
  private static final int FLAWS_MAX = 100;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final List<Flaw> flaws = new ArrayList<>();

  /// Of a text that is one JSON value.
  static @Nullable Object parse(String json) throws DocumentFault {
    try {
      return of(JSON.readTree(json));
    } catch (JacksonException e) {
      String why = UnreadJson.why(e);
      throw new DocumentFault(
          List.of(
              new Flaw(
                  "",
                  "not_json",
                  why == null ? "is not JSON" : why,
                  "Send one JSON value, each key once, nothing after it.")));
    }
  }

  /// Throws if it lies too deep, or holds a character or number that cannot be kept as it is.
  static @Nullable Object of(JsonNode node) throws DocumentFault {
    PlainJson reading = new PlainJson();
    Object value = reading.value(node, "", 1);
    if (!reading.flaws.isEmpty()) {
      throw new DocumentFault(reading.flaws);
    }
    return value;
  }

  static String write(@Nullable Object value) {
    return JSON.writeValueAsString(value);
  }

  /// The same, over several lines, for people.
  static String pretty(@Nullable Object value) {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
  }

  private @Nullable Object value(JsonNode node, String pointer, int depth) {
    if (depth > WorkflowDocument.DEPTH_MAX) {
      flaw(
          pointer,
          "too_deep",
          "lies deeper than " + WorkflowDocument.DEPTH_MAX + " levels",
          "Nest it less.");
      return null;
    }
    return switch (node.getNodeType()) {
      case OBJECT -> object(node, pointer, depth);
      case ARRAY -> list(node, pointer, depth);
      case STRING -> text(node.stringValue(), pointer);
      case NUMBER -> number(node, pointer);
      case BOOLEAN -> node.booleanValue();
      case NULL, MISSING, BINARY, POJO -> null;
    };
  }

  private Map<String, @Nullable Object> object(JsonNode node, String pointer, int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> member : node.properties()) {
      String at = Flaw.at(pointer, member.getKey());
      text(member.getKey(), at);
      map.put(member.getKey(), value(member.getValue(), at, depth + 1));
    }
    return Collections.unmodifiableMap(map);
  }

  private List<@Nullable Object> list(JsonNode node, String pointer, int depth) {
    List<@Nullable Object> list = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      list.add(value(node.get(i), Flaw.at(pointer, i), depth + 1));
    }
    return Collections.unmodifiableList(list);
  }

  /// No database keeps a NUL in JSON, and half a character is none.
  private String text(String text, String pointer) {
    if (text.indexOf(0) >= 0 || !WholeText.is(text)) {
      flaw(pointer, "bad_character", "holds a NUL or half a character", "Remove it.");
    }
    return text;
  }

  private @Nullable Object number(JsonNode node, String pointer) {
    if (node.isIntegralNumber()) {
      return node.canConvertToLong() ? (Object) node.longValue() : node.bigIntegerValue();
    }
    double number = node.isBigDecimal() ? node.decimalValue().doubleValue() : node.doubleValue();
    if (Double.isInfinite(number) || Double.isNaN(number)) {
      flaw(pointer, "out_of_range", "is larger than a number can be", "Send it as a text.");
      return null;
    }
    return number;
  }

  private void flaw(String pointer, String code, String message, String remedy) {
    if (flaws.size() < FLAWS_MAX) {
      flaws.add(new Flaw(pointer, code, message, remedy));
    }
  }
}
