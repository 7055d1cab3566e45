package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import org.jspecify.annotations.Nullable;

/// An [ExpressionFault] on its way out of the evaluation. It has no stack trace: it is an answer,
/// and hostile expressions ask for many.
final class Stop extends RuntimeException {

  private final Kind kind;
  private final String code;
  private int position;

  Stop(Kind kind, String code, int position, String message) {
    super(message, null, false, false);
    this.kind = kind;
    this.code = code;
    this.position = position;
  }

  static Stop syntax(String code, int position, String message) {
    return new Stop(Kind.SYNTAX, code, position, message);
  }

  static Stop type(String code, String message) {
    return new Stop(Kind.TYPE, code, -1, message);
  }

  static Stop value(String code, String message) {
    return new Stop(Kind.VALUE, code, -1, message);
  }

  static Stop tooLarge(String message) {
    return new Stop(Kind.TOO_LARGE, "C0001", -1, message);
  }

  static Stop tooDeep(String message) {
    return new Stop(Kind.TOO_DEEP, "C0002", -1, message);
  }

  /// Names the place, unless a place further in has been named.
  Stop at(int place) {
    if (position < 0) {
      position = place;
    }
    return this;
  }

  Kind kind() {
    return kind;
  }

  String code() {
    return code;
  }

  @Nullable Integer position() {
    return position < 0 ? null : position;
  }
}
