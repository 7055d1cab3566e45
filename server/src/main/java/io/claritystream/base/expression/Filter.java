package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `[predicate]`: a number takes the item at that place, counted from the end where it is negative;
/// anything else keeps the items for which it counts as true.
final class Filter {

  private Filter() {}

  static @Nullable Object apply(Node predicate, @Nullable Object value, Scope scope, Run run) {
    return Items.collapse(all(predicate, value, scope, run));
  }

  /// The same before a sequence of one becomes that one.
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
              ? predicate.eval(tuple.value(), tuple.scope(scope), run)
              : predicate.eval(item, scope, run);
      if (answer instanceof Boolean yes ? yes : chosen(answer, i, list.size(), run)) {
        found.append(item, run);
      }
    }
    return found;
  }

  private static boolean chosen(@Nullable Object answer, int at, int size, Run run) {
    if (answer instanceof Number number && Values.isNumber(number)) {
      return place(number, size) == at;
    }
    if (answer instanceof List<?> list && !list.isEmpty() && onlyNumbers(list, run)) {
      for (Object number : list) {
        if (place((Number) number, size) == at) {
          return true;
        }
      }
      return false;
    }
    return Values.truthy(answer, run);
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
