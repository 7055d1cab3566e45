package io.claritystream.maestro.engine;

import io.claritystream.base.expression.OutOfRange;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// What people send for an execution, as plain JSON.
final class Inputs {
  private static final int CHARS_MAX = 1024 * 1024;
  private static final JsonMapper JSON = JsonMapper.shared();

  private Inputs() {}

  /// @param pointer where it stands in the body
  static @Nullable Object plain(@Nullable JsonNode sent, String pointer) {
    if (sent == null) {
      return null;
    }
    // As a text an infinite number would be the word.
    var outOfRange = OutOfRange.in(JSON.treeToValue(sent, Object.class));
    if (outOfRange != null) {
      throw Problem.invalid(pointer + outOfRange, OutOfRange.REFUSED);
    }
    var text = sent.toString();
    if (text.length() > CHARS_MAX) {
      throw Problem.of(ProblemCode.PAYLOAD_TOO_LARGE, "An input may have 1 million characters.");
    }
    try {
      var input = Json.read(text);
      if (Json.deeper(input, Json.DEPTH_MAX)) {
        throw Problem.of(
            ProblemCode.MALFORMED_JSON,
            "The input is nested deeper than " + Json.DEPTH_MAX + " levels.");
      }
      return input;
    } catch (JacksonException e) {
      throw Problem.of(
          ProblemCode.MALFORMED_JSON,
          "The input is nested too deeply, or holds a number that is too long.");
    }
  }
}
