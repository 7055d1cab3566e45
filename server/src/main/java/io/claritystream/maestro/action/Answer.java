package io.claritystream.maestro.action;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a webhook's caller is told.
///
/// @param body plain JSON; null for none
public record Answer(int status, Map<String, String> headers, @Nullable Object body) {
  public Answer {
    headers = Map.copyOf(headers);
  }

  /// As it is recorded.
  public Map<String, @Nullable Object> output() {
    var output = new LinkedHashMap<String, @Nullable Object>();
    output.put("status", (long) status);
    output.put("headers", new LinkedHashMap<String, Object>(headers));
    output.put("body", body);
    return output;
  }

  /// As it was recorded; null if that is no answer.
  public static @Nullable Answer of(@Nullable Object output) {
    if (!(output instanceof Map<?, ?> map)
        || !(map.get("status") instanceof Number status)
        || !(map.get("headers") instanceof Map<?, ?> sent)) {
      return null;
    }
    var headers = new LinkedHashMap<String, String>();
    sent.forEach((name, value) -> headers.put(String.valueOf(name), String.valueOf(value)));
    return new Answer(status.intValue(), headers, map.get("body"));
  }
}
