package io.claritystream.base.expression;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What calls a function for each item of a list or member of an object.
final class EachFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("map", "<af>", EachFunctions::map),
          Builtin.of("filter", "<af>", EachFunctions::filter),
          Builtin.of("single", "<af?>", EachFunctions::single),
          Builtin.of("reduce", "<afj?:j>", EachFunctions::reduce),
          Builtin.of("each", "<o-f:a>", EachFunctions::each),
          Builtin.of("sift", "<o-f?:o>", EachFunctions::sift));

  private EachFunctions() {}

  /// The value, and where it stands in what: as much of it as the function can make use of.
  private static @Nullable Object call(
      Callable function, @Nullable Object value, Object place, Object whole, Run run) {
    run.step();
    Object[] all = {value, place, whole};
    int count = Math.clamp(function.arity(), 1, 3);
    return function.apply(count == 3 ? all : java.util.Arrays.copyOf(all, count), value, run);
  }

  private static @Nullable Object map(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> list = (List<?>) given[0];
    Items results = Items.sequence();
    for (int i = 0; i < list.size(); i++) {
      Object result = call((Callable) given[1], Values.of(list.get(i)), (long) i, list, run);
      if (result != null) {
        results.append(result, run);
      }
    }
    return results;
  }

  private static @Nullable Object filter(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> list = (List<?>) given[0];
    Items results = Items.sequence();
    for (int i = 0; i < list.size(); i++) {
      Object item = Values.of(list.get(i));
      if (Values.truthy(call((Callable) given[1], item, (long) i, list, run), run)) {
        results.append(item, run);
      }
    }
    return results;
  }

  private static @Nullable Object single(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> list = (List<?>) given[0];
    Object found = null;
    for (int i = 0; i < list.size(); i++) {
      Object item = Values.of(list.get(i));
      boolean matches =
          given[1] == null
              || Values.truthy(call((Callable) given[1], item, (long) i, list, run), run);
      if (matches && found != null) {
        throw Stop.value("D3138", "$single found more than one; narrow what it looks for.");
      }
      found = matches ? item : found;
    }
    if (found == null) {
      throw Stop.value("D3139", "$single found none; use $filter where there may be none.");
    }
    return found;
  }

  private static @Nullable Object reduce(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    List<?> list = (List<?>) given[0];
    Callable function = (Callable) given[1];
    if (function.arity() < 2) {
      throw Stop.type(
          "D3050", "The function of $reduce takes two arguments: what came before, and the item.");
    }
    Object result = given[2];
    int from = 0;
    if (result == null && !list.isEmpty()) {
      result = Values.of(list.getFirst());
      from = 1;
    }
    for (int i = from; i < list.size(); i++) {
      run.step();
      Object[] all = {result, Values.of(list.get(i)), (long) i, list};
      int count = Math.clamp(function.arity(), 2, 4);
      result = function.apply(count == 4 ? all : java.util.Arrays.copyOf(all, count), null, run);
    }
    return result;
  }

  private static @Nullable Object each(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Items results = Items.sequence();
    Map<?, ?> map = (Map<?, ?>) given[0];
    for (Map.Entry<?, ?> member : map.entrySet()) {
      Object result =
          call((Callable) given[1], Values.of(member.getValue()), member.getKey(), map, run);
      if (result != null) {
        results.append(result, run);
      }
    }
    return results;
  }

  private static @Nullable Object sift(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Map<?, ?> map = (Map<?, ?>) given[0];
    Map<String, Object> kept = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : map.entrySet()) {
      Object value = Values.of(member.getValue());
      boolean keep =
          given[1] instanceof Callable function
              ? Values.truthy(call(function, value, member.getKey(), map, run), run)
              : Values.truthy(value, run);
      if (keep) {
        run.useMembers(1);
        kept.put((String) member.getKey(), value);
      }
    }
    return kept.isEmpty() ? null : kept;
  }
}
