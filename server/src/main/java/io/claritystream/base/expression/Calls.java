package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The nodes that call functions.
final class Calls {

  private Calls() {}

  /// `f(a, b)`; of `x ~> f(a)` x is the first argument.
  static final class Call extends Node {
    private final Node function;
    private final @Nullable Node first;
    private final Node[] arguments;

    Call(int position, Node function, @Nullable Node first, List<Node> arguments) {
      super(position);
      this.function = function;
      this.first = first;
      this.arguments = arguments.toArray(Node[]::new);
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Callable callable = callable(input, scope, run);
      Object[] values = values(input, scope, run);
      try {
        return Items.collapse(callable.apply(values, input, run));
      } catch (Stop stop) {
        throw stop.at(position);
      }
    }

    @Override
    @Nullable Object evalLast(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Callable callable = callable(input, scope, run);
      Object[] values = values(input, scope, run);
      try {
        return callable instanceof Lambda lambda
            ? new Lambda.Rest(lambda, values, input)
            : callable.apply(values, input, run);
      } catch (Stop stop) {
        throw stop.at(position);
      }
    }

    private Callable callable(@Nullable Object input, Scope scope, Run run) {
      Object called = function.eval(input, scope, run);
      if (called instanceof Callable callable) {
        return callable;
      }
      throw notCallable(function, called, position);
    }

    private @Nullable Object[] values(@Nullable Object input, Scope scope, Run run) {
      run.steps(arguments.length);
      int given = first == null ? 0 : 1;
      Object[] values = new Object[arguments.length + given];
      if (first != null) {
        values[0] = first.eval(input, scope, run);
      }
      for (int i = 0; i < arguments.length; i++) {
        values[i + given] = arguments[i].eval(input, scope, run);
      }
      return values;
    }
  }

  static Stop notCallable(Node function, @Nullable Object called, int position) {
    if (called == null && function instanceof Simple.Variable variable) {
      return new Stop(
          Kind.UNDEFINED_FUNCTION,
          "T1006",
          position,
          "There is no function $" + Lexer.clip(variable.name) + "; see the list of functions.");
    }
    if (called == null && function instanceof Path path && path.steps().size() == 1) {
      Node only = path.steps().getFirst().node();
      if (only instanceof Simple.Name name && Functions.find(name.name) != null) {
        return new Stop(
            Kind.UNDEFINED_FUNCTION,
            "T1005",
            position,
            "There is no function " + name.name + "; did you mean $" + name.name + "?");
      }
    }
    return new Stop(
        Kind.TYPE,
        "T1006",
        position,
        "What is called here is "
            + Values.kind(called)
            + "; the names of functions begin with $, as in $sum(…).");
  }

  /// `f(?, b)`: a function of what is left open.
  static final class Partial extends Node {
    private final Node function;
    private final @Nullable Node[] arguments;
    private final int open;

    /// @param arguments null where one is left open
    Partial(int position, Node function, @Nullable Node[] arguments) {
      super(position);
      this.function = function;
      this.arguments = arguments;
      int count = 0;
      for (Node argument : arguments) {
        count += argument == null ? 1 : 0;
      }
      this.open = count;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object called = function.eval(input, scope, run);
      if (!(called instanceof Callable callable)) {
        throw notCallable(function, called, position);
      }
      run.steps(arguments.length);
      run.useItems(arguments.length);
      Object[] given = new Object[arguments.length];
      for (int i = 0; i < given.length; i++) {
        given[i] = arguments[i] == null ? null : arguments[i].eval(input, scope, run);
      }
      return new Filled(callable, given, arguments, open);
    }
  }

  private record Filled(
      Callable callable, @Nullable Object[] given, @Nullable Node[] pattern, int arity)
      implements Callable {

    @Override
    public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run) {
      run.steps(1 + given.length);
      Object[] all = given.clone();
      int next = 0;
      for (int i = 0; i < all.length; i++) {
        if (pattern[i] == null) {
          all[i] = next < arguments.length ? arguments[next++] : null;
        }
      }
      run.enter(4);
      try {
        return callable.apply(all, input, run);
      } finally {
        run.leave(4);
      }
    }
  }

  /// `a ~> f`: f of a; where a is a function itself, the one after the other.
  static final class Apply extends Node {
    private final Node left;
    private final Node right;

    Apply(int position, Node left, Node right) {
      super(position);
      this.left = left;
      this.right = right;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object argument = left.eval(input, scope, run);
      Object called = right.eval(input, scope, run);
      if (!(called instanceof Callable callable)) {
        if (called == null && right instanceof Simple.Variable) {
          throw notCallable(right, called, position);
        }
        throw Stop.type(
                "T2006", "Right of ~> stands " + Values.kind(called) + "; it has to be a function.")
            .at(position);
      }
      if (argument instanceof Callable inner) {
        run.use(32);
        return new Chain(inner, callable);
      }
      try {
        return Items.collapse(callable.apply(new Object[] {argument}, input, run));
      } catch (Stop stop) {
        throw stop.at(position);
      }
    }
  }

  private record Chain(Callable first, Callable second) implements Callable {

    @Override
    public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run) {
      run.step();
      run.enter(4);
      try {
        Object between =
            Items.collapse(
                first.apply(
                    new Object[] {arguments.length == 0 ? null : arguments[0]}, input, run));
        return second.apply(new Object[] {between}, input, run);
      } finally {
        run.leave(4);
      }
    }

    @Override
    public int arity() {
      return 1;
    }
  }
}
