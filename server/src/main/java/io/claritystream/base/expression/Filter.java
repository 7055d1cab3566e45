package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `[predicate]`: a number takes the item at that place, counted from the end where it is negative;
/// anything else keeps the items for which it counts as true.
final class Filter {

  private Filter() {}

  /// What is kept, as a sequence, or the list that stands at the one place asked for.
  static Object all(Node predicate, @Nullable Object value, Scope scope, Run run) {
    return filtered(predicate, value instanceof List<?> list ? list : one(value), scope, run);
  }

  private static Items one(@Nullable Object value) {
    return value == null ? Items.sequence() : Items.sequenceOf(value);
  }

  static Items list(Node predicate, List<?> list, Scope scope, Run run) {
    Object found = filtered(predicate, list, scope, run);
    return found instanceof Items items ? items : Items.copyOf((List<?>) found, run);
  }

  private static Object filtered(Node predicate, List<?> list, Scope scope, Run run) {
    run.step();
    Items found = Items.sequence();
    if (predicate instanceof Simple.Constant constant && constant.value instanceof Number number) {
      int at = place(number, list.size());
      if (at >= 0 && at < list.size()) {
        Object item = Values.of(list.get(at));
        if (item instanceof List<?> inner) {
          return inner;
        }
        found.append(item, run);
      }
      return found;
    }
    for (int i = 0; i < list.size(); i++) {
      run.step();
      Object item = Values.of(list.get(i));
      Object answer =
          item instanceof Tuple tuple
              ? predicate.eval(tuple.value(), tuple.scope(scope, run), run)
              : predicate.eval(item, scope, run);
      for (int times = times(answer, i, list.size(), run); times > 0; times--) {
        found.append(item, run);
      }
    }
    return found;
  }

  /// How often an item is taken: a list of numbers may name its place more than once.
  private static int times(@Nullable Object answer, int at, int size, Run run) {
    if (answer instanceof Number number && Values.isNumber(number)) {
      return place(number, size) == at ? 1 : 0;
    }
    if (answer instanceof List<?> list && !list.isEmpty() && onlyNumbers(list, run)) {
      int times = 0;
      for (Object number : list) {
        times += place((Number) number, size) == at ? 1 : 0;
      }
      return times;
    }
    return Values.truthy(answer, run) ? 1 : 0;
  }

  private static boolean onlyNumbers(List<?> list, Run run) {
    run.steps(list.size());
    for (Object item : list) {
      if (!(item instanceof Number)) {
        return false;
      }
    }
    return true;
  }

  private static int place(Number number, int size) {
    double at = Math.floor(number.doubleValue());
    return (int) (at < 0 ? at + size : at);
  }
}
