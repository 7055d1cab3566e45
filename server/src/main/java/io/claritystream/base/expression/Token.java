package io.claritystream.base.expression;

import org.jspecify.annotations.Nullable;

/// A word of the source.
///
/// @param text of an operator its characters, of a name or variable what it is called
/// @param value of a string, number, constant or regular expression what it means
record Token(Type type, String text, @Nullable Object value, int position) {

  enum Type {
    NAME,
    QUOTED_NAME,
    VARIABLE,
    STRING,
    NUMBER,
    VALUE,
    REGEX,
    OPERATOR,
    END
  }

  boolean is(String operator) {
    return type == Type.OPERATOR && text.equals(operator);
  }
}
