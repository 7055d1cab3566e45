package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The source as a tree, as it was written. [Compiler] makes of it what is evaluated.
///
/// Which parts a node has depends on its type: `parts` are operands from left to right, arguments,
/// items or statements; of an object and a group keys and values in turns.
final class Syntax {

  enum Type {
    NAME,
    STRING,
    NUMBER,
    VALUE,
    REGEX,
    VARIABLE,
    WILDCARD,
    DESCENDANTS,
    PARENT,
    PLACEHOLDER,
    BINARY,
    NEGATE,
    LIST,
    RANGE,
    OBJECT,
    BLOCK,
    CONDITION,
    ELSE,
    COALESCE,
    BIND,
    APPLY,
    CALL,
    LAMBDA,
    TRANSFORM,
    STEP,
    FILTER,
    GROUP,
    SORT,
    FOCUS,
    INDEX
  }

  final Type type;
  final int position;
  final String text;
  final @Nullable Object value;
  final List<Syntax> parts;

  /// How deep the tree is from here on.
  final int height;

  /// Set by `[]`: what comes of it stays a list.
  boolean keepArray;

  Syntax(Type type, Token token, List<Syntax> parts) {
    this(type, token.position(), token.text(), token.value(), parts);
  }

  Syntax(Type type, int position, String text, @Nullable Object value, List<Syntax> parts) {
    this.type = type;
    this.position = position;
    this.text = text;
    this.value = value;
    this.parts = parts;
    int deepest = 0;
    for (Syntax part : parts) {
      deepest = Math.max(deepest, part.height);
    }
    this.height = deepest + 1;
    if (height > Limits.NESTING) {
      throw tooNested(position);
    }
  }

  static Stop tooNested(int position) {
    return Stop.tooDeep(
            "The expression is nested deeper than "
                + Limits.NESTING
                + " levels; name parts of it with :=, or join lists of values with $join or $sum.")
        .at(position);
  }

  Syntax part(int index) {
    return parts.get(index);
  }
}
