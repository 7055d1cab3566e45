package io.claritystream.maestro.action;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Why a step failed.
///
/// @param code for rules and programs: `connect`, `timeout`, `http_503`, `expression`, `fail`
/// @param message for people: what failed and what to do; without secrets
/// @param status of the answer, if there was one
/// @param body of the answer, if there was one
public record StepError(
    String code, String message, @Nullable Integer status, @Nullable Object body) {

  public static StepError of(String code, String message) {
    return new StepError(code, message, null, null);
  }

  /// What later steps see of it, as `steps.<id>.error`.
  public Map<String, @Nullable Object> output(int attempts) {
    var error = new LinkedHashMap<String, @Nullable Object>();
    error.put("code", code);
    error.put("message", message);
    if (status != null) {
      error.put("status", (long) status);
    }
    if (body != null) {
      error.put("body", body);
    }
    error.put("attempts", (long) attempts);
    var output = new LinkedHashMap<String, @Nullable Object>();
    output.put("error", error);
    return output;
  }
}
