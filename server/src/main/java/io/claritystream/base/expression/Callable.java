package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// A function as a value.
interface Callable {

  /// @param input the thing that is current where the function is called
  @Nullable Object apply(@Nullable Object[] arguments, @Nullable Object input, Run run);

  /// How many arguments it can make use of, which is how many `$map` and its like give it.
  int arity();
}
