package io.claritystream.maestro.action;

import io.claritystream.protocol.text.WholeText;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Plain JSON, as executions record it: maps, lists, texts, numbers, booleans, null.
public final class Json {
  /// Of what comes from outside.
  public static final int DEPTH_MAX = 64;

  /// Of what a step answers.
  public static final int ANSWER_DEPTH_MAX = 256;

  /// Beyond both, so that whatever was recorded can be read.
  private static final int RECORDED_DEPTH_MAX = 512;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(RECORDED_DEPTH_MAX)
                          .maxNumberLength(1_000)
                          .build())
                  .streamWriteConstraints(
                      StreamWriteConstraints.builder().maxNestingDepth(RECORDED_DEPTH_MAX).build())
                  // Half of a surrogate pair cannot be written as UTF-8, but as \ud800 it can.
                  .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  public static String write(@Nullable Object value) {
    return wellFormed(MAPPER.writeValueAsString(value));
  }

  /// Whether a value is nested deeper than a limit.
  public static boolean deeper(@Nullable Object value, int limit) {
    return switch (value) {
      case Map<?, ?> map ->
          limit == 0 || map.values().stream().anyMatch(inner -> deeper(inner, limit - 1));
      case List<?> list -> limit == 0 || list.stream().anyMatch(inner -> deeper(inner, limit - 1));
      case null, default -> false;
    };
  }

  /// @return a [Map], [List], [String], [Number], [Boolean] or null
  public static @Nullable Object read(@Nullable String text) {
    return text == null ? null : MAPPER.readValue(text, Object.class);
  }

  /// A text with half of a surrogate pair has no place in the database; it is told as what it is.
  private static String wellFormed(String text) {
    return WholeText.is(text) ? text : escaped(text);
  }

  private static String escaped(String text) {
    var out = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            c -> {
              if (WholeText.isHalf(c)) {
                out.append("\\u").append(Integer.toHexString(c));
              } else {
                out.appendCodePoint(c);
              }
            });
    return out.toString();
  }
}
