package io.claritystream.maestro.engine;

import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// What people send for an execution, as plain JSON.
final class Inputs {
  private static final int CHARS_MAX = 1024 * 1024;

  private Inputs() {}

  static @Nullable Object plain(@Nullable JsonNode sent) {
    if (sent == null) {
      return null;
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
