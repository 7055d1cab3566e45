package io.claritystream.base.expression;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A number that JSON may write and no `Double` holds: `1e400` is read as infinite, and would go on
/// as the word. Whole numbers are exact, however large they are.
public final class OutOfRange {
  /// What is to be said of one where it was sent.
  public static final String REFUSED = "is larger than a number can be; send it as a text";

  private OutOfRange() {}

  /// Where the first one stands in plain JSON that was read, as a JSON pointer; null if there is
  /// none.
  public static @Nullable String in(@Nullable Object value) {
    return switch (value) {
      case Double number -> Double.isFinite(number) ? null : "";
      case Map<?, ?> map -> {
        for (Map.Entry<?, ?> member : map.entrySet()) {
          String within = in(member.getValue());
          if (within != null) {
            yield "/" + escaped((String) member.getKey()) + within;
          }
        }
        yield null;
      }
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          String within = in(list.get(i));
          if (within != null) {
            yield "/" + i + within;
          }
        }
        yield null;
      }
      case null, default -> null;
    };
  }

  private static String escaped(String name) {
    return name.replace("~", "~0").replace("/", "~1");
  }
}
