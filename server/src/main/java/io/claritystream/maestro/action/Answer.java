package io.claritystream.maestro.action;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a webhook's caller is told.
///
/// @param headers so few and short that the server's own have room beside them
/// @param body plain JSON; null for none
public record Answer(int status, Map<String, String> headers, @Nullable Object body) {
  static final int HEADERS_MAX = 50;

  /// Of names and values. `server.tomcat.max-http-response-header-size` is for these and the
  /// server's own.
  static final int HEADER_CHARACTERS_MAX = 4_096;

  public Answer {
    headers = Map.copyOf(headers);
  }

  static boolean holds(Map<String, String> headers) {
    var characters = 0L;
    for (var header : headers.entrySet()) {
      characters += header.getKey().length() + header.getValue().length();
    }
    return headers.size() <= HEADERS_MAX && characters <= HEADER_CHARACTERS_MAX;
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
