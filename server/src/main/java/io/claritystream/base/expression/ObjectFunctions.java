package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What takes objects apart and puts them together, and what asks about values of any kind.
final class ObjectFunctions {

  static final List<Builtin> ALL =
      List.of(
          Builtin.of("keys", "<x-:a<s>>", ObjectFunctions::keys),
          Builtin.of("lookup", "<x-s:x>", ObjectFunctions::lookup),
          Builtin.of("spread", "<x-:a<o>>", ObjectFunctions::spread),
          Builtin.of("merge", "<a<o>:o>", ObjectFunctions::merge),
          Builtin.of("type", "<x:s>", ObjectFunctions::type),
          Builtin.of("exists", "<x:b>", (g, run) -> g[0] != null),
          Builtin.of(
              "boolean", "<x-:b>", (g, run) -> g[0] == null ? null : Values.truthy(g[0], run)),
          Builtin.of("not", "<x-:b>", (g, run) -> g[0] == null ? null : !Values.truthy(g[0], run)),
          Builtin.of("error", "<s?:x>", ObjectFunctions::error),
          Builtin.of("assert", "<bs?:x>", ObjectFunctions::check));

  private ObjectFunctions() {}

  private static @Nullable Object keys(@Nullable Object[] given, Run run) {
    Set<Object> names = new LinkedHashSet<>();
    collect(given[0], names, run, 0);
    run.useItems(names.size());
    Items keys = Items.sequence();
    keys.addAll(names);
    return keys;
  }

  private static void collect(@Nullable Object value, Set<Object> names, Run run, int depth) {
    run.step();
    Run.valueDepth(depth);
    if (value instanceof Map<?, ?> map) {
      run.steps(map.size());
      run.use(48L * map.size());
      names.addAll(map.keySet());
    } else if (value instanceof List<?> list) {
      list.forEach(item -> collect(item, names, run, depth + 1));
    }
  }

  private static @Nullable Object lookup(@Nullable Object[] given, Run run) {
    return given[1] == null ? null : Values.member(given[0], (String) given[1], run);
  }

  private static @Nullable Object spread(@Nullable Object[] given, Run run) {
    if (!(given[0] instanceof Map<?, ?>) && !(given[0] instanceof List<?>)) {
      return given[0];
    }
    Items parts = Items.sequence();
    spread(given[0], parts, run, 0);
    parts.sequence = !(given[0] instanceof List<?> list) || list.isEmpty();
    return parts;
  }

  private static void spread(@Nullable Object value, Items parts, Run run, int depth) {
    run.step();
    Run.valueDepth(depth);
    if (value instanceof List<?> list) {
      list.forEach(item -> spread(item, parts, run, depth + 1));
    } else if (value instanceof Map<?, ?> map) {
      map.forEach(
          (name, member) -> {
            run.step();
            run.useMembers(1);
            Map<String, Object> one = LinkedHashMap.newLinkedHashMap(1);
            one.put((String) name, Values.of(member));
            parts.append(one, run);
          });
    } else {
      parts.append(Values.of(value), run);
    }
  }

  private static @Nullable Object merge(@Nullable Object[] given, Run run) {
    if (given[0] == null) {
      return null;
    }
    Map<String, Object> merged = new LinkedHashMap<>();
    for (Object part : (List<?>) given[0]) {
      Map<?, ?> map = (Map<?, ?>) part;
      run.steps(map.size() + 1L);
      run.useMembers(map.size());
      map.forEach((name, value) -> merged.put((String) name, value));
    }
    return merged;
  }

  private static @Nullable Object type(@Nullable Object[] given, Run run) {
    return switch (Values.symbol(given[0])) {
      case 'm' -> null;
      case 's' -> "string";
      case 'n' -> "number";
      case 'b' -> "boolean";
      case 'a' -> "array";
      case 'o' -> "object";
      case 'f' -> "function";
      default -> "null";
    };
  }

  private static Object error(@Nullable Object[] given, Run run) {
    throw raised("D3137", given[0] == null ? "$error() function evaluated" : (String) given[0]);
  }

  private static @Nullable Object check(@Nullable Object[] given, Run run) {
    if (Boolean.TRUE.equals(given[0])) {
      return null;
    }
    throw raised("D3141", given[1] == null ? "$assert() statement failed" : (String) given[1]);
  }

  private static Stop raised(String code, String message) {
    return new Stop(
        Kind.RAISED,
        code,
        -1,
        message.length() <= 1_000 ? message : message.substring(0, 1_000) + "…");
  }
}
