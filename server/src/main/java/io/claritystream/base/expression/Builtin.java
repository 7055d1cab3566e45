package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// A function of the language.
///
/// @param arity how many arguments `$map` and its like give it
record Builtin(String name, Signature signature, int arity, Body body) implements Callable {

  @FunctionalInterface
  interface Body {
    /// @param given one for each parameter, null where nothing was given
    @Nullable Object of(@Nullable Object[] given, Run run);
  }

  /// What a built-in function takes of the stack, beside what it calls.
  private static final int FRAMES = 4;

  static Builtin of(String name, String signature, Body body) {
    Signature parsed = Signature.parse(signature, -1);
    return new Builtin(name, parsed, parsed.size(), body);
  }

  /// One that goes without its other arguments when `$map` calls it.
  static Builtin single(String name, String signature, Body body) {
    return new Builtin(name, Signature.parse(signature, -1), 1, body);
  }

  @Override
  public @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run) {
    run.step();
    Object[] given = signature.fit(name, arguments, input, run);
    run.enter(FRAMES);
    try {
      return body.of(given, run);
    } finally {
      run.leave(FRAMES);
    }
  }
}
