package io.claritystream.base.expression;

import io.claritystream.base.expression.ExpressionFault.Kind;
import io.claritystream.base.expression.Token.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Reads the source by binding powers: an operator takes what stands left of it when it binds more
/// tightly than what asked. The powers are the language's.
final class Parser {

  private static final Map<String, Integer> POWERS =
      Map.ofEntries(
          Map.entry(".", 75),
          Map.entry("[", 80),
          Map.entry("{", 70),
          Map.entry("(", 80),
          Map.entry("@", 80),
          Map.entry("#", 80),
          Map.entry("?", 20),
          Map.entry("+", 50),
          Map.entry("-", 50),
          Map.entry("*", 60),
          Map.entry("/", 60),
          Map.entry("%", 60),
          Map.entry("=", 40),
          Map.entry("<", 40),
          Map.entry(">", 40),
          Map.entry("^", 40),
          Map.entry(":=", 10),
          Map.entry("!=", 40),
          Map.entry("<=", 40),
          Map.entry(">=", 40),
          Map.entry("~>", 40),
          Map.entry("?:", 40),
          Map.entry("??", 40),
          Map.entry("and", 30),
          Map.entry("or", 25),
          Map.entry("in", 40),
          Map.entry("&", 50));

  private static final int PARAMETERS_MAX = 64;

  private final Lexer lexer;
  private Token token;
  private int nesting;

  private Parser(String source) {
    this.lexer = new Lexer(source);
    this.token = lexer.next(true);
  }

  static Syntax parse(String source) {
    if (source.length() > Limits.SOURCE_LENGTH) {
      throw Stop.tooLarge(
          "The expression is longer than "
              + Limits.SOURCE_LENGTH
              + " characters; divide it among several steps.");
    }
    Parser parser = new Parser(source);
    if (parser.token.type() == Type.END) {
      throw Stop.syntax("S0207", 0, "The expression is empty; write what it should give.");
    }
    Syntax tree = parser.expression(0);
    if (parser.token.type() != Type.END) {
      throw unexpected(parser.token);
    }
    return tree;
  }

  private Syntax expression(int power) {
    if (++nesting > Limits.NESTING) {
      throw Syntax.tooNested(token.position());
    }
    Token first = token;
    // What follows an operator begins a value; what follows a value does not.
    advance(beginsValue(first));
    Syntax left = prefix(first);
    while (power < power(token)) {
      Token operator = token;
      advance(true);
      left = infix(operator, left);
    }
    nesting--;
    return left;
  }

  private static boolean beginsValue(Token token) {
    return token.type() == Type.OPERATOR && !token.is("*") && !token.is("**") && !token.is("%");
  }

  private static int power(Token token) {
    return token.type() == Type.OPERATOR ? POWERS.getOrDefault(token.text(), 0) : 0;
  }

  private void advance(boolean valueMayBegin) {
    token = lexer.next(valueMayBegin);
  }

  /// Goes past an operator that has to stand here.
  private void pass(String operator, boolean valueMayBegin) {
    if (!token.is(operator)) {
      if (token.type() == Type.END) {
        throw Stop.syntax(
            "S0203",
            token.position(),
            "The expression ends too early; " + operator + " is missing.");
      }
      throw Stop.syntax(
          "S0202",
          token.position(),
          "Here stands " + shown(token) + " where " + operator + " is expected.");
    }
    advance(valueMayBegin);
  }

  private Syntax prefix(Token first) {
    return switch (first.type()) {
      case NAME, QUOTED_NAME -> new Syntax(Syntax.Type.NAME, first, List.of());
      case VARIABLE -> new Syntax(Syntax.Type.VARIABLE, first, List.of());
      case STRING -> new Syntax(Syntax.Type.STRING, first, List.of());
      case NUMBER -> new Syntax(Syntax.Type.NUMBER, first, List.of());
      case VALUE -> new Syntax(Syntax.Type.VALUE, first, List.of());
      case REGEX -> new Syntax(Syntax.Type.REGEX, first, List.of());
      case END ->
          throw Stop.syntax(
              "S0207", first.position(), "The expression ends where a value is expected.");
      case OPERATOR ->
          switch (first.text()) {
            case "*" -> new Syntax(Syntax.Type.WILDCARD, first, List.of());
            case "**" -> new Syntax(Syntax.Type.DESCENDANTS, first, List.of());
            case "%" -> new Syntax(Syntax.Type.PARENT, first, List.of());
            case "and", "or", "in" -> new Syntax(Syntax.Type.NAME, first, List.of());
            case "-" -> new Syntax(Syntax.Type.NEGATE, first, List.of(expression(70)));
            case "(" -> block(first);
            case "[" -> list(first);
            case "{" -> new Syntax(Syntax.Type.OBJECT, first, pairs());
            case "|" -> transform(first);
            default -> throw unexpected(first);
          };
    };
  }

  private Syntax block(Token first) {
    List<Syntax> statements = new ArrayList<>();
    while (!token.is(")")) {
      statements.add(expression(0));
      if (!token.is(";")) {
        break;
      }
      advance(true);
    }
    pass(")", false);
    return new Syntax(Syntax.Type.BLOCK, first, statements);
  }

  private Syntax list(Token first) {
    List<Syntax> items = new ArrayList<>();
    while (!token.is("]")) {
      Syntax item = expression(0);
      if (token.is("..")) {
        Token range = token;
        advance(true);
        item = new Syntax(Syntax.Type.RANGE, range, List.of(item, expression(0)));
      }
      items.add(item);
      if (!token.is(",")) {
        break;
      }
      advance(true);
    }
    pass("]", false);
    return new Syntax(Syntax.Type.LIST, first, items);
  }

  private List<Syntax> pairs() {
    List<Syntax> pairs = new ArrayList<>();
    while (!token.is("}")) {
      pairs.add(expression(0));
      pass(":", true);
      pairs.add(expression(0));
      if (!token.is(",")) {
        break;
      }
      advance(true);
    }
    pass("}", false);
    return pairs;
  }

  private Syntax transform(Token first) {
    List<Syntax> parts = new ArrayList<>();
    parts.add(expression(0));
    pass("|", true);
    parts.add(expression(0));
    if (token.is(",")) {
      advance(true);
      parts.add(expression(0));
    }
    pass("|", false);
    return new Syntax(Syntax.Type.TRANSFORM, first, parts);
  }

  private Syntax infix(Token operator, Syntax left) {
    int power = power(operator);
    return switch (operator.text()) {
      case "." -> of(Syntax.Type.STEP, operator, left, expression(power));
      case "[" -> filter(operator, left);
      case "{" -> {
        List<Syntax> parts = new ArrayList<>();
        parts.add(left);
        parts.addAll(pairs());
        yield new Syntax(Syntax.Type.GROUP, operator, parts);
      }
      case "(" -> call(operator, left);
      case "@", "#" -> {
        Syntax name = expression(power);
        if (name.type != Syntax.Type.VARIABLE) {
          throw Stop.syntax(
              "S0214", operator.position(), "After " + operator.text() + " comes a $variable.");
        }
        yield of(operator.is("@") ? Syntax.Type.FOCUS : Syntax.Type.INDEX, operator, left, name);
      }
      case "^" -> sort(operator, left);
      case "?" -> {
        Syntax then = expression(0);
        if (!token.is(":")) {
          yield of(Syntax.Type.CONDITION, operator, left, then);
        }
        advance(true);
        yield of(Syntax.Type.CONDITION, operator, left, then, expression(0));
      }
      case "?:" -> of(Syntax.Type.ELSE, operator, left, expression(0));
      case "??" -> of(Syntax.Type.COALESCE, operator, left, expression(0));
      case ":=" -> {
        if (left.type != Syntax.Type.VARIABLE || left.text.isEmpty() || left.text.equals("$")) {
          throw Stop.syntax(
              "S0212", operator.position(), "Left of := stands a $variable of one's own.");
        }
        yield of(Syntax.Type.BIND, operator, left, expression(power - 1));
      }
      case "~>" -> of(Syntax.Type.APPLY, operator, left, expression(power));
      default -> of(Syntax.Type.BINARY, operator, left, expression(power));
    };
  }

  private Syntax filter(Token operator, Syntax left) {
    if (token.is("]")) {
      Syntax kept = left;
      while (kept.type == Syntax.Type.FILTER) {
        kept = kept.part(0);
      }
      kept.keepArray = true;
      advance(false);
      return left;
    }
    Syntax predicate = expression(0);
    pass("]", false);
    return of(Syntax.Type.FILTER, operator, left, predicate);
  }

  private Syntax sort(Token operator, Syntax left) {
    List<Syntax> parts = new ArrayList<>();
    parts.add(left);
    StringBuilder directions = new StringBuilder();
    pass("(", true);
    while (true) {
      boolean descending = token.is(">");
      if (descending || token.is("<")) {
        advance(true);
      }
      directions.append(descending ? '>' : '<');
      parts.add(expression(0));
      if (!token.is(",")) {
        break;
      }
      advance(true);
    }
    pass(")", false);
    return new Syntax(Syntax.Type.SORT, operator.position(), directions.toString(), null, parts);
  }

  private Syntax call(Token operator, Syntax left) {
    List<Syntax> parts = new ArrayList<>();
    parts.add(left);
    while (!token.is(")")) {
      if (token.is("?")) {
        parts.add(new Syntax(Syntax.Type.PLACEHOLDER, token, List.of()));
        advance(false);
      } else {
        parts.add(expression(0));
      }
      if (!token.is(",")) {
        break;
      }
      advance(true);
    }
    pass(")", false);
    boolean definition =
        left.type == Syntax.Type.NAME && (left.text.equals("function") || left.text.equals("λ"));
    return definition
        ? lambda(operator, parts.subList(1, parts.size()))
        : new Syntax(Syntax.Type.CALL, operator.position(), "", null, parts);
  }

  /// The last part is the body, those before it the parameters.
  private Syntax lambda(Token operator, List<Syntax> parameters) {
    if (parameters.size() > PARAMETERS_MAX) {
      throw Stop.tooLarge(
              "A function has more than " + PARAMETERS_MAX + " parameters; give it an object.")
          .at(operator.position());
    }
    for (Syntax parameter : parameters) {
      if (parameter.type != Syntax.Type.VARIABLE || parameter.text.isEmpty()) {
        throw Stop.syntax(
            "S0208", parameter.position, "The parameters of a function are $variables.");
      }
    }
    Signature signature = token.is("<") ? signature() : null;
    pass("{", true);
    Syntax body = expression(0);
    pass("}", false);
    List<Syntax> parts = new ArrayList<>(parameters);
    parts.add(body);
    return new Syntax(Syntax.Type.LAMBDA, operator.position(), "", signature, parts);
  }

  private Signature signature() {
    int start = token.position();
    int open = 0;
    StringBuilder text = new StringBuilder();
    do {
      if (token.is("<")) {
        open++;
      } else if (token.is(">")) {
        open--;
      } else if (token.type() == Type.END || token.is("{")) {
        throw Stop.syntax("S0401", start, "The signature of a function ends with >.");
      }
      text.append(token.text());
      advance(false);
    } while (open > 0);
    return Signature.parse(text.toString(), start);
  }

  private static Syntax of(Syntax.Type type, Token operator, Syntax... parts) {
    return new Syntax(type, operator, List.of(parts));
  }

  private static Stop unexpected(Token token) {
    return new Stop(
        Kind.SYNTAX,
        token.type() == Type.OPERATOR ? "S0211" : "S0201",
        token.position(),
        "Here stands "
            + shown(token)
            + ", which cannot stand here; an operator or a bracket may be missing.");
  }

  private static String shown(Token token) {
    return switch (token.type()) {
      case STRING -> "a string";
      case REGEX -> "a regular expression";
      case VARIABLE -> "$" + Lexer.clip(token.text());
      case END -> "the end";
      default -> Lexer.clip(token.text());
    };
  }
}
