package io.claritystream.base.expression;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A thing that a path with `@$name` or `#$name` goes by, with the names bound on the way to it.
record Tuple(@Nullable Object value, Map<String, Object> names, Scope.@Nullable Ancestry ancestry) {

  static Tuple of(@Nullable Object value, Scope.@Nullable Ancestry ancestry, Run run) {
    run.use(32);
    return new Tuple(value, Map.of(), ancestry);
  }

  Tuple with(String name, Object bound, Run run) {
    run.steps(names.size());
    run.useMembers(names.size() + 1);
    Map<String, Object> more = new LinkedHashMap<>(names);
    more.put(name, bound);
    return new Tuple(value, more, ancestry);
  }

  /// Pays for the ancestry as well.
  Tuple at(@Nullable Object other, Scope.@Nullable Ancestry from, Run run) {
    run.use(64);
    return new Tuple(other, names, from);
  }

  Scope scope(Scope outer, Run run) {
    run.steps(1 + names.size());
    Scope scope = new Scope(outer, ancestry == null ? outer.ancestry() : ancestry);
    names.forEach((name, bound) -> scope.bind(name, bound, run));
    return scope;
  }

  /// Those of one group as one: each name stands for what it stood for in any of them.
  static Tuple merged(Items tuples, Run run) {
    if (tuples.size() == 1) {
      return (Tuple) tuples.getFirst();
    }
    Items values = new Items();
    Map<String, Object> names = new LinkedHashMap<>();
    Scope.Ancestry ancestry = null;
    for (Object item : tuples) {
      Tuple tuple = (Tuple) item;
      ancestry = tuple.ancestry;
      if (tuple.value != null) {
        Values.addTo(values, tuple.value, run);
      }
      tuple.names.forEach(
          (name, value) -> {
            run.step();
            Items all = (Items) names.computeIfAbsent(name, none -> new Items());
            Values.addTo(all, value, run);
          });
    }
    return new Tuple(values, names, ancestry);
  }
}
