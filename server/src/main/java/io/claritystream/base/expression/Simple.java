package io.claritystream.base.expression;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The nodes without parts.
final class Simple {

  private Simple() {}

  static final class Constant extends Node {
    final Object value;

    Constant(int position, Object value) {
      super(position);
      this.value = value;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      return value;
    }
  }

  /// `$name`: a variable, or else the function of that name.
  static final class Variable extends Node {
    final String name;
    final @Nullable Callable builtin;

    Variable(int position, String name) {
      super(position);
      this.name = name;
      this.builtin = Functions.find(name);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object value = scope.lookup(name, run);
      return value == null ? builtin : Items.collapse(value);
    }
  }

  /// `$`.
  static final class Current extends Node {
    Current(int position) {
      super(position);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      return unwrap(input);
    }
  }

  /// `$$`.
  static final class Root extends Node {
    Root(int position) {
      super(position);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      return unwrap(run.root());
    }
  }

  static @Nullable Object unwrap(@Nullable Object input) {
    return input instanceof Items items && items.wrapper ? items.getFirst() : input;
  }

  /// A member by its name; always a step of a [Path].
  static final class Name extends Node {
    final String name;

    Name(int position, String name) {
      super(position);
      this.name = name;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      return Items.collapse(Values.member(input, name, run));
    }
  }

  /// `*`: the values of all members, lists among them flattened.
  static final class Wildcard extends Node {
    Wildcard(int position) {
      super(position);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      Object of = unwrap(input);
      Items found = Items.sequence();
      if (of instanceof Map<?, ?> map) {
        map.values().forEach(value -> add(found, value, run));
      } else if (of instanceof List<?> list) {
        list.forEach(value -> add(found, value, run));
      }
      return Items.collapse(found);
    }

    private static void add(Items found, @Nullable Object value, Run run) {
      run.step();
      if (value instanceof List<?> list) {
        found.sequence = false;
        flatten(list, found, run, 0);
      } else {
        found.append(Values.of(value), run);
      }
    }
  }

  static void flatten(List<?> list, Items into, Run run, int depth) {
    Run.valueDepth(depth);
    for (Object item : list) {
      run.step();
      if (item instanceof List<?> inner) {
        flatten(inner, into, run, depth + 1);
      } else {
        into.append(item, run);
      }
    }
  }

  /// `**`: the thing and everything in it, at whatever depth.
  static final class Descendants extends Node {
    Descendants(int position) {
      super(position);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      if (input == null) {
        return null;
      }
      Items found = Items.sequence();
      collect(input, found, run, 0);
      return Items.collapse(found);
    }

    private static void collect(Object value, Items found, Run run, int depth) {
      run.step();
      Run.valueDepth(depth);
      if (value instanceof List<?> list) {
        for (Object item : list) {
          collect(Values.of(item), found, run, depth + 1);
        }
        return;
      }
      found.append(value, run);
      if (value instanceof Map<?, ?> map) {
        for (Object member : map.values()) {
          collect(Values.of(member), found, run, depth + 1);
        }
      }
    }
  }

  /// `%`: what the current thing was found in.
  static final class Parent extends Node {
    Parent(int position) {
      super(position);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      Scope.Ancestry ancestry = scope.ancestry();
      if (ancestry == null) {
        throw Stop.syntax(
            "S0217", position, "There is nothing that % could mean here; use it within a path.");
      }
      return ancestry.value();
    }
  }
}
