package io.claritystream.base.expression;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The answer as plain JSON of its own, which nothing shares with the input or with what the
/// evaluation holds, measured as the text that it makes.
final class Output {

  private final Run run;
  private long left;

  private Output(Run run) {
    this.run = run;
    this.left = run.limits().outputBytes();
  }

  static @Nullable Object of(@Nullable Object value, Run run) {
    return value == null ? null : new Output(run).copy(value, 0);
  }

  private @Nullable Object copy(Object value, int depth) {
    run.step();
    Run.valueDepth(depth);
    return switch (value) {
      case String text -> {
        take(2 + Output.bytes(text));
        yield text;
      }
      case Boolean bool -> {
        take(5);
        yield bool;
      }
      case Number number -> number(number);
      case Map<?, ?> map -> object(map, depth);
      case List<?> list -> list(list, depth);
      case Callable function -> null;
      default -> {
        take(4);
        yield null;
      }
    };
  }

  private Number number(Number number) {
    take(8);
    return switch (number) {
      case Integer whole -> (Number) whole.longValue();
      case Short whole -> whole.longValue();
      case Float real -> real.doubleValue();
      case Double real -> {
        Values.isNumber(real);
        yield real;
      }
      case BigInteger whole -> {
        take(whole.bitLength() / 3L);
        yield whole;
      }
      case BigDecimal decimal -> {
        take(decimal.precision());
        yield decimal;
      }
      default -> number;
    };
  }

  private Map<String, Object> object(Map<?, ?> map, int depth) {
    take(2);
    run.useMembers(map.size());
    Map<String, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
    map.forEach(
        (name, member) -> {
          String key = (String) name;
          take(4 + bytes(key));
          Object value = Values.of(member);
          if (!(value instanceof Callable)) {
            copy.put(key, copy(value, depth + 1));
          }
        });
    return copy;
  }

  private List<Object> list(List<?> list, int depth) {
    take(2 + list.size());
    run.useItems(list.size());
    List<Object> copy = new ArrayList<>(list.size());
    for (Object item : list) {
      copy.add(copy(Values.of(item), depth + 1));
    }
    return copy;
  }

  private void take(long bytes) {
    left -= bytes;
    if (left < 0) {
      throw Stop.tooLarge(
          "The answer is larger than "
              + (run.limits().outputBytes() >> 10)
              + " KB as JSON; take only what is needed.");
    }
  }

  /// In UTF-8; what JSON escapes counts as it is written there.
  private static long bytes(String text) {
    long bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80) {
        bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
      } else if (c < ' ') {
        bytes += c == '\n' || c == '\t' || c == '\r' ? 1 : 5;
      } else if (c == '"' || c == '\\') {
        bytes++;
      }
    }
    return bytes;
  }
}
