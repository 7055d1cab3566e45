package io.claritystream.base.expression;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `|where|update, delete|`: a function that gives a changed copy of what it is given.
final class Transform extends Node {

  private final Node pattern;
  private final Node update;
  private final @Nullable Node delete;

  Transform(int position, Node pattern, Node update, @Nullable Node delete) {
    super(position);
    this.pattern = pattern;
    this.update = update;
    this.delete = delete;
  }

  @Override
  Object eval(@Nullable Object input, Scope scope, Run run) {
    run.step();
    return new Callable() {
      @Override
      public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object in, Run now) {
        now.enter(16);
        try {
          return arguments.length == 0 || arguments[0] == null
              ? null
              : changed(arguments[0], scope, now);
        } finally {
          now.leave(16);
        }
      }

      @Override
      public int arity() {
        return 1;
      }
    };
  }

  private Object changed(Object given, Scope scope, Run run) {
    if (!(given instanceof Map<?, ?>) && !(given instanceof List<?>)) {
      throw Stop.type(
              "T0410", "|…|…| changes objects and lists, and was given " + Values.kind(given) + ".")
          .at(position);
    }
    // Only the copy may change: a pattern can also find what belongs to the input.
    Set<Object> ours = Collections.newSetFromMap(new IdentityHashMap<>());
    Object copy = copy(given, ours, run, 0);
    Object found = pattern.eval(copy, scope, run);
    if (found != null) {
      List<?> matches = found instanceof List<?> list ? list : List.of(found);
      for (Object match : matches) {
        if (match instanceof Map<?, ?> map && ours.contains(map)) {
          change(map, scope, run);
        }
      }
    }
    return copy;
  }

  @SuppressWarnings("unchecked")
  private void change(Map<?, ?> match, Scope scope, Run run) {
    run.step();
    Map<String, Object> target = (Map<String, Object>) match;
    Object more = update.eval(target, scope, run);
    if (more != null) {
      if (!(more instanceof Map<?, ?> members)) {
        throw Stop.type("T2011", "The update of |…|…| has to be an object.").at(update.position);
      }
      run.useMembers(members.size());
      Map<String, Object> added = new LinkedHashMap<>((Map<String, Object>) members);
      target.putAll(added);
    }
    if (delete == null) {
      return;
    }
    Object gone = delete.eval(target, scope, run);
    if (gone == null) {
      return;
    }
    List<?> names = gone instanceof List<?> list ? list : List.of(gone);
    for (Object name : names) {
      run.step();
      if (!(name instanceof String)) {
        throw Stop.type("T2012", "What |…|…|…| deletes has to be a name or a list of names.")
            .at(delete.position);
      }
      target.remove(name);
    }
  }

  private static Object copy(Object value, Set<Object> ours, Run run, int depth) {
    run.step();
    Run.valueDepth(depth);
    if (value instanceof Map<?, ?> map) {
      run.useMembers(map.size());
      Map<String, Object> copy = LinkedHashMap.newLinkedHashMap(map.size());
      ours.add(copy);
      map.forEach(
          (name, member) -> copy.put((String) name, copy(Values.of(member), ours, run, depth + 1)));
      return copy;
    }
    if (value instanceof List<?> list) {
      Items copy = new Items(list.size());
      for (Object item : list) {
        copy.append(copy(Values.of(item), ours, run, depth + 1), run);
      }
      return copy;
    }
    return value;
  }
}
