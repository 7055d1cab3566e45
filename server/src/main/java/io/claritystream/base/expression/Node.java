package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// A part of an expression, ready to be evaluated. Nodes do not change and are used by many
/// threads at once; what changes is in [Scope] and [Run].
abstract class Node {

  final int position;

  Node(int position) {
    this.position = position;
  }

  /// @param input the current thing
  /// @return null for nothing
  abstract @Nullable Object eval(@Nullable Object input, Scope scope, Run run);

  /// The same where it is the last thing that a function does. The answer may be a [Lambda.Rest],
  /// which the function's caller goes on with. And what a built-in function found is still a
  /// sequence, also of one or none: to `$map` and its like it is a list, as the language has it.
  @Nullable Object evalLast(@Nullable Object input, Scope scope, Run run) {
    return eval(input, scope, run);
  }
}
