package io.claritystream.base.expression;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The functions that every expression may call.
final class Functions {

  private static final Map<String, Builtin> ALL = all();

  private Functions() {}

  private static Map<String, Builtin> all() {
    Map<String, Builtin> all = new HashMap<>();
    List.of(
            StringFunctions.ALL,
            PatternFunctions.ALL,
            EncodingFunctions.ALL,
            NumberFunctions.ALL,
            ListFunctions.ALL,
            EachFunctions.ALL,
            ObjectFunctions.ALL,
            TimeFunctions.ALL)
        .forEach(some -> some.forEach(function -> all.put(function.name(), function)));
    return Map.copyOf(all);
  }

  static @Nullable Builtin find(String name) {
    return ALL.get(name);
  }

  static Map<String, Builtin> list() {
    return ALL;
  }
}
