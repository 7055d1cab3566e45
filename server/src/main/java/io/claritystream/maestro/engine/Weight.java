package io.claritystream.maestro.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What values hold of the heap, about: far more than their text, if they are many.
final class Weight {
  /// Of a list's element or an object's member: its place, and what stands there.
  private static final int PART = 56;

  private static final int WHOLE = 64;

  private Weight() {}

  /// @param json as it is recorded
  static long of(@Nullable String json) {
    if (json == null) {
      return 0;
    }
    var parts = 0L;
    var text = false;
    for (var i = 0; i < json.length(); i++) {
      switch (json.charAt(i)) {
        case '"' -> text = !text;
        case '\\' -> i++;
        case ',', '{', '[' -> parts += text ? 0 : 1;
        default -> {
          // Lies within a part.
        }
      }
    }
    return WHOLE + json.length() + PART * parts;
  }

  static long of(List<LogLine> lines) {
    return lines.stream().mapToLong(line -> of(line.recorded())).sum();
  }
}
