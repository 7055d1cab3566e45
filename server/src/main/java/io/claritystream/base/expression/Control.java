package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The nodes that decide what is evaluated next. What a function hands out may be a sequence of one
/// sequence of one: each node that it passes takes one level off, as the language's own evaluator
/// does.
final class Control {

  private Control() {}

  /// `(a; b; c)`: the answer is that of the last; names bound within end with it.
  static final class Block extends Node {
    private final Node[] statements;

    Block(int position, List<Node> statements) {
      super(position);
      this.statements = statements.toArray(Node[]::new);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      return Items.collapse(eval(input, scope, run, false));
    }

    @Override
    @Nullable Object evalLast(@Nullable Object input, Scope scope, Run run) {
      return eval(input, scope, run, true);
    }

    private @Nullable Object eval(@Nullable Object input, Scope scope, Run run, boolean last) {
      run.step();
      Scope within = new Scope(scope);
      Object result = null;
      for (int i = 0; i < statements.length; i++) {
        result =
            last && i == statements.length - 1
                ? statements[i].evalLast(input, within, run)
                : statements[i].eval(input, within, run);
      }
      return result;
    }
  }

  static final class Condition extends Node {
    private final Node condition;
    private final Node then;
    private final @Nullable Node otherwise;

    Condition(int position, Node condition, Node then, @Nullable Node otherwise) {
      super(position);
      this.condition = condition;
      this.then = then;
      this.otherwise = otherwise;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      Node chosen = choose(input, scope, run);
      return chosen == null ? null : Items.collapse(chosen.eval(input, scope, run));
    }

    @Override
    @Nullable Object evalLast(@Nullable Object input, Scope scope, Run run) {
      Node chosen = choose(input, scope, run);
      return chosen == null ? null : chosen.evalLast(input, scope, run);
    }

    private @Nullable Node choose(@Nullable Object input, Scope scope, Run run) {
      run.step();
      return Values.truthy(condition.eval(input, scope, run), run) ? then : otherwise;
    }
  }

  /// `a ?: b` takes b where a does not count as true, `a ?? b` where a is nothing.
  static final class Default extends Node {
    private final Node first;
    private final Node otherwise;
    private final boolean onlyNothing;

    Default(int position, Node first, Node otherwise, boolean onlyNothing) {
      super(position);
      this.first = first;
      this.otherwise = otherwise;
      this.onlyNothing = onlyNothing;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object value = first.eval(input, scope, run);
      boolean good = onlyNothing ? value != null : Values.truthy(value, run);
      return Items.collapse(good ? value : otherwise.eval(input, scope, run));
    }
  }

  /// `$name := value`
  static final class Bind extends Node {
    private final String name;
    private final Node value;

    Bind(int position, String name, Node value) {
      super(position);
      this.name = name;
      this.value = value;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object bound = value.eval(input, scope, run);
      scope.bind(name, bound, run);
      return Items.collapse(bound);
    }
  }
}
