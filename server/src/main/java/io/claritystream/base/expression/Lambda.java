package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// A function that the expression wrote, with the names and the current thing of where it stands.
final class Lambda implements Callable {

  /// The last call of a function, for its caller to make: so a function that ends in a call of
  /// itself is a loop, and needs no stack.
  record Rest(Lambda lambda, @Nullable Object[] arguments, @Nullable Object input) {}

  static final class Maker extends Node {
    private final String[] parameters;
    private final @Nullable Signature signature;
    private final Node body;

    /// What evaluating the body takes of the stack at most, without the calls in it.
    private final int height;

    Maker(int position, String[] parameters, @Nullable Signature signature, Node body, int height) {
      super(position);
      this.parameters = parameters;
      this.signature = signature;
      this.body = body;
      this.height = height;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      run.use(32);
      scope.keep(run);
      return new Lambda(this, input, scope);
    }
  }

  private final Maker made;
  private final @Nullable Object home;
  private final Scope scope;

  private Lambda(Maker made, @Nullable Object home, Scope scope) {
    this.made = made;
    this.home = home;
    this.scope = scope;
  }

  @Override
  public int arity() {
    return made.parameters.length;
  }

  @Override
  public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run) {
    Lambda lambda = this;
    Object[] given = arguments;
    Object current = input;
    while (true) {
      run.step();
      int height = lambda.made.height;
      run.enter(height);
      Object result;
      try {
        result = lambda.once(given, current, run);
      } finally {
        run.leave(height);
      }
      if (!(result instanceof Rest rest)) {
        return result;
      }
      lambda = rest.lambda();
      given = rest.arguments();
      current = rest.input();
    }
  }

  private @Nullable Object once(@Nullable Object[] arguments, @Nullable Object input, Run run) {
    Object[] given =
        made.signature == null ? arguments : made.signature.fit("function", arguments, input, run);
    Scope within = new Scope(scope);
    for (int i = 0; i < made.parameters.length; i++) {
      within.bind(made.parameters[i], i < given.length ? given[i] : null, run);
    }
    return made.body.evalLast(home, within, run);
  }
}
