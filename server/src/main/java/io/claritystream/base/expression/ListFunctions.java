package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What counts, adds up, orders and joins lists.
final class ListFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("count", "<a:n>", (g, run) -> (long) (g[0] == null ? 0 : list(g[0]).size())),
          Builtin.of("sum", "<a<n>:n>", ListFunctions::sum),
          Builtin.of("average", "<a<n>:n>", ListFunctions::average),
          Builtin.of("max", "<a<n>:n>", (g, run) -> extreme(g[0], 1, run)),
          Builtin.of("min", "<a<n>:n>", (g, run) -> extreme(g[0], -1, run)),
          Builtin.of("append", "<xx:a>", (g, run) -> Values.append(g[0], g[1], run)),
          Builtin.of("reverse", "<a:a>", ListFunctions::reverse),
          Builtin.of("shuffle", "<a:a>", ListFunctions::shuffle),
          Builtin.of("distinct", "<x:x>", ListFunctions::distinct),
          Builtin.of("zip", "<a+>", ListFunctions::zip),
          Builtin.of("sort", "<af?:a>", ListFunctions::sort));

  private ListFunctions() {}

  private static List<?> list(Object value) {
    return (List<?>) value;
  }

  private static @Nullable Object sum(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    double sum = 0;
    for (Object number : list(given[0])) {
      run.step();
      Values.isNumber(number);
      sum += Values.real(number);
    }
    return Values.number(sum);
  }

  private static @Nullable Object average(@Nullable Object[] given, Run run) {
    return given[0] == null || list(given[0]).isEmpty()
        ? null
        : Values.number(Values.real(sum(given, run)) / list(given[0]).size());
  }

  private static @Nullable Object extreme(@Nullable Object given, int sign, Run run) {
    if (given == null) {
      return null;
    }
    Number best = null;
    for (Object item : list(given)) {
      run.step();
      Values.isNumber(item);
      Number number = (Number) item;
      if (best == null || Values.compare(number, best) * sign > 0) {
        best = number;
      }
    }
    return best;
  }

  private static @Nullable Object reverse(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Items reversed = Items.copyOf(list(given[0]), run);
    Collections.reverse(reversed);
    return reversed;
  }

  private static @Nullable Object shuffle(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Items shuffled = Items.copyOf(list(given[0]), run);
    run.steps(shuffled.size());
    Collections.shuffle(shuffled, run.random());
    return shuffled;
  }

  private static @Nullable Object distinct(@Nullable Object[] given, Run run) {
    if (!(given[0] instanceof List<?> list) || list.size() < 2) {
      return given[0];
    }
    Items distinct = new Items();
    distinct.sequence = list instanceof Items items && items.sequence;
    Set<Object> scalars = new HashSet<>();
    List<Object> others = new ArrayList<>();
    for (Object stored : list) {
      run.step();
      Object item = Values.of(stored);
      boolean fresh;
      if (item instanceof List<?> || item instanceof java.util.Map<?, ?>) {
        fresh = others.stream().noneMatch(other -> Values.equal(other, item, run));
        if (fresh) {
          others.add(item);
        }
      } else {
        run.use(48);
        fresh = scalars.add(key(item));
      }
      if (fresh) {
        distinct.append(item, run);
      }
    }
    return distinct;
  }

  private static Object key(Object item) {
    return Values.isNumber(item) ? Values.key((Number) item) : item;
  }

  private static Object zip(@Nullable Object[] given, Run run) {
    int length = Integer.MAX_VALUE;
    for (Object each : given) {
      length = Math.min(length, each == null ? 0 : list(each).size());
    }
    Items zipped = new Items();
    for (int i = 0; i < length; i++) {
      Items tuple = new Items(given.length);
      for (Object each : given) {
        run.step();
        tuple.append(list(each).get(i), run);
      }
      zipped.append(tuple, run);
    }
    return zipped;
  }

  private static @Nullable Object sort(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> list = list(given[0]);
    if (list.size() < 2) {
      return list;
    }
    if (given[1] instanceof Callable after) {
      return Merge.sort(
          list,
          run,
          (a, b) ->
              Values.truthy(Items.collapse(after.apply(new Object[] {a, b}, null, run)), run));
    }
    char kind = Values.symbol(list.getFirst());
    for (Object item : list) {
      run.step();
      if (kind != 'n' && kind != 's' || Values.symbol(item) != kind) {
        throw Stop.type(
            "D3070",
            "$sort orders numbers or strings; for anything else give it a function that says which"
                + " comes later.");
      }
    }
    return Merge.sort(
        list,
        run,
        (a, b) ->
            a instanceof Number one
                ? Values.compare(one, (Number) b) > 0
                : ((String) a).compareTo((String) b) > 0);
  }
}
