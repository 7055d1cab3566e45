package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// Why an expression cannot be read, or came to no answer. The message is for whoever wrote the
/// expression: one sentence, or two, that say what is wrong and what to do.
public final class ExpressionFault extends Exception {

  /// The closed list of reasons.
  public enum Kind {
    /// The source is no expression.
    SYNTAX,
    /// A value is of a kind that the operator or function does not take.
    TYPE,
    /// A value is of the right kind and cannot be worked with: `$number('x')`.
    VALUE,
    /// A function is called that there is not.
    UNDEFINED_FUNCTION,
    /// The expression itself said so, by `$error` or `$assert`.
    RAISED,
    /// More work than an expression may make: steps, or time.
    BUDGET_TIME,
    /// More memory than an expression may use.
    BUDGET_MEMORY,
    /// The source, a pattern, a picture or the answer is larger than it may be.
    TOO_LARGE,
    /// The source, the recursion or a value is nested deeper than it may be.
    TOO_DEEP,
    /// What the language knows and this platform does not permit.
    NOT_ALLOWED,
    /// The thread was told to stop.
    INTERRUPTED
  }

  private final Kind kind;
  private final String code;
  private final @Nullable Integer position;

  ExpressionFault(Stop stop) {
    super(stop.getMessage(), null, false, false);
    this.kind = stop.kind();
    this.code = stop.code();
    this.position = stop.position();
  }

  public Kind kind() {
    return kind;
  }

  /// The code of the language's own catalogue (`T2001`); of ours those that begin with `C`.
  public String code() {
    return code;
  }

  /// Where in the source, counted from 0; null where no place can be named.
  public @Nullable Integer position() {
    return position;
  }
}
