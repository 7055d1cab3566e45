package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The nodes between two operands, and the minus before one.
final class Operators {

  private Operators() {}

  abstract static class Binary extends Node {
    final Node left;
    final Node right;
    final String operator;

    Binary(int position, String operator, Node left, Node right) {
      super(position);
      this.operator = operator;
      this.left = left;
      this.right = right;
    }

    @Override
    final @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object a = left.eval(input, scope, run);
      Object b = right.eval(input, scope, run);
      try {
        return of(a, b, run);
      } catch (Stop stop) {
        throw stop.at(position);
      }
    }

    abstract @Nullable Object of(@Nullable Object a, @Nullable Object b, Run run);
  }

  static Node binary(int position, String operator, Node left, Node right) {
    return switch (operator) {
      case "+", "-", "*", "/", "%" -> new Arithmetic(position, operator, left, right);
      case "=", "!=" -> new Equality(position, operator, left, right);
      case "<", "<=", ">", ">=" -> new Comparison(position, operator, left, right);
      case "&" -> new Concatenation(position, left, right);
      case "and", "or" -> new Logic(position, operator.equals("and"), left, right);
      default -> new Within(position, left, right);
    };
  }

  private static final class Arithmetic extends Binary {
    private final char sign;

    Arithmetic(int position, String operator, Node left, Node right) {
      super(position, operator, left, right);
      this.sign = operator.charAt(0);
    }

    @Override
    @Nullable Object of(@Nullable Object a, @Nullable Object b, Run run) {
      if (a != null && !Values.isNumber(a)) {
        throw operand("T2001", "left", a);
      }
      if (b != null && !Values.isNumber(b)) {
        throw operand("T2002", "right", b);
      }
      if (a == null || b == null) {
        return null;
      }
      double one = Values.real(a);
      double other = Values.real(b);
      return Values.number(
          switch (sign) {
            case '+' -> one + other;
            case '-' -> one - other;
            case '*' -> one * other;
            case '/' -> one / other;
            default -> one % other;
          });
    }

    private Stop operand(String code, String side, Object value) {
      return Stop.type(
          code,
          "The "
              + side
              + " side of "
              + operator
              + " is "
              + Values.kind(value)
              + " and has to be a number; $number turns a string into one.");
    }
  }

  private static final class Equality extends Binary {
    private final boolean same;

    Equality(int position, String operator, Node left, Node right) {
      super(position, operator, left, right);
      this.same = operator.equals("=");
    }

    @Override
    Object of(@Nullable Object a, @Nullable Object b, Run run) {
      return a != null && b != null && Values.equal(a, b, run) == same;
    }
  }

  private static final class Comparison extends Binary {
    Comparison(int position, String operator, Node left, Node right) {
      super(position, operator, left, right);
    }

    @Override
    @Nullable Object of(@Nullable Object a, @Nullable Object b, Run run) {
      if (!comparable(a) || !comparable(b)) {
        throw Stop.type(
            "T2010",
            "The sides of "
                + operator
                + " are "
                + Values.kind(a)
                + " and "
                + Values.kind(b)
                + "; only two numbers or two strings can be compared.");
      }
      if (a == null || b == null) {
        return null;
      }
      int order;
      if (a instanceof Number one && b instanceof Number other) {
        order = Values.compare(one, other);
      } else if (a instanceof String one && b instanceof String other) {
        run.steps(Math.min(one.length(), other.length()) / 64);
        order = one.compareTo(other);
      } else {
        throw Stop.type(
            "T2009",
            "A string cannot be compared with a number by "
                + operator
                + "; turn one into the other with $number or $string.");
      }
      return switch (operator) {
        case "<" -> order < 0;
        case "<=" -> order <= 0;
        case ">" -> order > 0;
        default -> order >= 0;
      };
    }

    private static boolean comparable(@Nullable Object value) {
      return value == null || value instanceof String || Values.isNumber(value);
    }
  }

  private static final class Concatenation extends Binary {
    Concatenation(int position, Node left, Node right) {
      super(position, "&", left, right);
    }

    @Override
    Object of(@Nullable Object a, @Nullable Object b, Run run) {
      String one = a == null ? "" : Texts.string(a, run);
      String other = b == null ? "" : Texts.string(b, run);
      if (one.isEmpty()) {
        return other;
      }
      if (other.isEmpty()) {
        return one;
      }
      run.useText((long) one.length() + other.length());
      return one.concat(other);
    }
  }

  /// The right side is looked at only where the left does not decide.
  private static final class Logic extends Node {
    private final boolean and;
    private final Node left;
    private final Node right;

    Logic(int position, boolean and, Node left, Node right) {
      super(position);
      this.and = and;
      this.left = left;
      this.right = right;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      if (Values.truthy(left.eval(input, scope, run), run) != and) {
        return !and;
      }
      return Values.truthy(right.eval(input, scope, run), run);
    }
  }

  private static final class Within extends Binary {
    Within(int position, Node left, Node right) {
      super(position, "in", left, right);
    }

    @Override
    Object of(@Nullable Object a, @Nullable Object b, Run run) {
      if (a == null || b == null) {
        return false;
      }
      if (!(b instanceof List<?> list)) {
        return same(a, b, run);
      }
      for (Object item : list) {
        if (same(a, Values.of(item), run)) {
          return true;
        }
      }
      return false;
    }

    /// Lists and objects are never the same as another.
    private static boolean same(Object a, Object b, Run run) {
      run.step();
      return a == b || (scalar(a) && scalar(b) && Values.equal(a, b, run));
    }

    private static boolean scalar(Object value) {
      return value instanceof String || value instanceof Number || value instanceof Boolean;
    }
  }

  static final class Negate extends Node {
    private final Node operand;

    Negate(int position, Node operand) {
      super(position);
      this.operand = operand;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object value = operand.eval(input, scope, run);
      if (value == null) {
        return null;
      }
      if (!Values.isNumber(value)) {
        throw Stop.type("D1002", "Only a number can be negated, not " + Values.kind(value) + ".")
            .at(position);
      }
      return Values.number(-Values.real(value));
    }
  }

  /// `[from..to]`
  static final class Range extends Node {
    private static final int ITEMS_MAX = 10_000_000;
    private final Node from;
    private final Node to;

    Range(int position, Node from, Node to) {
      super(position);
      this.from = from;
      this.to = to;
    }

    @Override
    @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      Object first = from.eval(input, scope, run);
      Object last = to.eval(input, scope, run);
      check("T2003", "left", first);
      check("T2004", "right", last);
      if (first == null || last == null) {
        return null;
      }
      double count = Values.real(last) - Values.real(first) + 1;
      if (count <= 0) {
        return null;
      }
      if (count > ITEMS_MAX) {
        throw Stop.tooLarge("A range has more than " + ITEMS_MAX + " numbers; make it smaller.")
            .at(position);
      }
      run.steps((long) count / 4);
      run.useItems((long) count);
      Items items = new Items((int) count);
      items.sequence = true;
      long at = ((Number) first).longValue();
      for (int i = 0; i < (int) count; i++) {
        items.add(at + i);
      }
      return Items.collapse(items);
    }

    private void check(String code, String side, @Nullable Object value) {
      if (value != null
          && !(Values.isNumber(value)
              && Values.isWhole(value)
              && Math.abs(Values.real(value)) <= Values.EXACT)) {
        throw Stop.type(code, "The " + side + " side of .. has to be a whole number.").at(position);
      }
    }
  }
}
