package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What values are within an evaluation. Java's null is *nothing* (the language's `undefined`);
/// JSON's null is [#NULL], as which a null found in the input is read. Numbers are Long where they
/// are whole and exact, Double otherwise; BigInteger and BigDecimal of the input pass as they are.
final class Values {

  /// JSON's null.
  static final Object NULL =
      new Object() {
        @Override
        public String toString() {
          return "null";
        }
      };

  /// Whole numbers up to here are exact in a double: 2^53.
  static final long EXACT = 1L << 53;

  private Values() {}

  /// A value as it stands in a list or object.
  static Object of(@Nullable Object stored) {
    return stored == null ? NULL : stored;
  }

  static Object number(double value) {
    if (value == Math.rint(value) && Math.abs(value) <= EXACT) {
      return (long) value;
    }
    return value;
  }

  static Number whole(BigInteger value) {
    if (value.bitLength() < Long.SIZE) {
      return value.longValue();
    }
    return value;
  }

  /// The same for numbers that are equal by [#compare], and for no others.
  static Object key(Number number) {
    boolean small = number instanceof BigInteger whole ? whole.bitLength() <= 53 : small(number);
    // With 0 added, there is one 0 only.
    return small ? (Object) (number.doubleValue() + 0.0) : exact(number).stripTrailingZeros();
  }

  static boolean isNumber(@Nullable Object value) {
    if (value instanceof Double number && !Double.isFinite(number)) {
      throw Stop.value("D1001", "A number is out of range; divide by something that is not 0.");
    }
    return value instanceof Number;
  }

  static double real(Object number) {
    return ((Number) number).doubleValue();
  }

  static boolean isWhole(Object number) {
    return switch (number) {
      case Long any -> true;
      case Integer any -> true;
      case BigInteger any -> true;
      default -> real(number) == Math.rint(real(number));
    };
  }

  /// A letter for each kind of value, as signatures write them.
  static char symbol(@Nullable Object value) {
    return switch (value) {
      case null -> 'm';
      case String text -> 's';
      case Number number -> 'n';
      case Boolean bool -> 'b';
      case List<?> list -> 'a';
      case Map<?, ?> map -> 'o';
      case Callable function -> 'f';
      default -> 'l';
    };
  }

  static String kind(@Nullable Object value) {
    return switch (symbol(value)) {
      case 'm' -> "nothing";
      case 's' -> "a string";
      case 'n' -> "a number";
      case 'b' -> "a boolean";
      case 'a' -> "a list";
      case 'o' -> "an object";
      case 'f' -> "a function";
      default -> "null";
    };
  }

  /// Whether a value counts as true.
  static boolean truthy(@Nullable Object value, Run run) {
    return truthy(value, run, 0);
  }

  private static boolean truthy(@Nullable Object value, Run run, int depth) {
    return switch (value) {
      case null -> false;
      case Boolean bool -> bool;
      case String text -> !text.isEmpty();
      case Number number -> isNumber(number) && number.doubleValue() != 0;
      case Map<?, ?> map -> !map.isEmpty();
      case List<?> list -> {
        Run.valueDepth(depth);
        for (Object item : list) {
          run.step();
          if (truthy(item, run, depth + 1)) {
            yield true;
          }
        }
        yield false;
      }
      default -> false;
    };
  }

  /// The value of a member; of each item where a list is asked. Nothing where there is none.
  static @Nullable Object member(@Nullable Object input, String name, Run run) {
    if (input instanceof Map<?, ?> map) {
      Object value = map.get(name);
      return value != null || !map.containsKey(name) ? value : NULL;
    }
    return input instanceof List<?> list ? memberOfEach(list, name, run, 0) : null;
  }

  private static Items memberOfEach(List<?> list, String name, Run run, int depth) {
    Run.valueDepth(depth);
    Items found = Items.sequence();
    for (Object item : list) {
      run.step();
      Object value =
          item instanceof List<?> inner
              ? Items.collapse(memberOfEach(inner, name, run, depth + 1))
              : member(item, name, run);
      if (value instanceof List<?> several) {
        found.appendAll(several, run);
      } else if (value != null) {
        found.append(value, run);
      }
    }
    return found;
  }

  /// Two lists one after the other; what is no list counts as a list of one.
  static @Nullable Object append(@Nullable Object first, @Nullable Object second, Run run) {
    if (first == null) {
      return second;
    }
    if (second == null) {
      return first;
    }
    Items all = new Items();
    addTo(all, first, run);
    addTo(all, second, run);
    return all;
  }

  static void addTo(Items all, Object value, Run run) {
    if (value instanceof List<?> list) {
      all.appendAll(list, run);
    } else {
      all.append(value, run);
    }
  }

  static boolean equal(Object a, Object b, Run run) {
    return equal(a, b, run, 0);
  }

  private static boolean equal(Object a, Object b, Run run, int depth) {
    run.step();
    Run.valueDepth(depth);
    if (a == b) {
      return true;
    }
    if (a instanceof Number one && b instanceof Number other) {
      return compare(one, other) == 0;
    }
    if (a instanceof String one && b instanceof String other) {
      run.steps(Math.min(one.length(), other.length()) / 64);
      return one.equals(other);
    }
    if (a instanceof List<?> one && b instanceof List<?> other) {
      if (one.size() != other.size()) {
        return false;
      }
      for (int i = 0; i < one.size(); i++) {
        if (!equal(of(one.get(i)), of(other.get(i)), run, depth + 1)) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Map<?, ?> one && b instanceof Map<?, ?> other) {
      if (one.size() != other.size()) {
        return false;
      }
      for (Map.Entry<?, ?> entry : one.entrySet()) {
        Object key = entry.getKey();
        if (!other.containsKey(key)
            || !equal(of(entry.getValue()), of(other.get(key)), run, depth + 1)) {
          return false;
        }
      }
      return true;
    }
    return a.equals(b);
  }

  /// Whole numbers are compared exactly, however large; others as doubles.
  static int compare(Number a, Number b) {
    if (a instanceof Long one && b instanceof Long other) {
      return Long.compare(one, other);
    }
    if (a instanceof Double && b instanceof Double
        || !(a instanceof BigInteger) && !(b instanceof BigInteger) && small(a) && small(b)) {
      double one = a.doubleValue();
      double other = b.doubleValue();
      return one < other ? -1 : one > other ? 1 : 0;
    }
    return exact(a).compareTo(exact(b));
  }

  private static boolean small(Number number) {
    return Math.abs(number.doubleValue()) < EXACT;
  }

  private static BigDecimal exact(Number number) {
    return switch (number) {
      case BigDecimal decimal -> decimal;
      case BigInteger whole -> new BigDecimal(whole);
      case Long whole -> BigDecimal.valueOf(whole);
      case Integer whole -> BigDecimal.valueOf(whole);
      default -> {
        isNumber(number);
        yield new BigDecimal(number.doubleValue());
      }
    };
  }

  static Stop notAllowed(String what) {
    return new Stop(Kind.NOT_ALLOWED, "C0006", -1, what);
  }
}
