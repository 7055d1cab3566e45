package io.claritystream.maestro.action;

import io.claritystream.base.expression.ExpressionFault;
import java.util.Locale;

/// An expression of a document came to no answer; the message says which, and where in it.
public final class MappingFault extends Exception {
  private final String code;

  /// @param pointer where the expression stands in the document
  MappingFault(String pointer, ExpressionFault fault) {
    super(said(pointer, fault), null, false, false);
    this.code = "expression_" + fault.kind().name().toLowerCase(Locale.ROOT);
  }

  /// Places in an expression are counted as validation counts them: from 1, without the `=`.
  private static String said(String pointer, ExpressionFault fault) {
    var position = fault.position();
    return "In "
        + pointer
        + (position == null ? "" : ", at character " + (position + 1))
        + ": "
        + fault.getMessage();
  }

  StepError error() {
    return StepError.of(code, String.valueOf(getMessage()));
  }
}
