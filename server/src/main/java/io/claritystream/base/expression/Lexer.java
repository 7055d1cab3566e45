package io.claritystream.base.expression;

import io.claritystream.base.expression.Token.Type;
import java.math.BigInteger;
import java.util.Set;

/// Cuts the source into tokens. A `/` begins a regular expression where a value may begin, and
/// divides elsewhere: only the parser knows, and says.
final class Lexer {

  private static final Set<String> DOUBLE =
      Set.of("..", ":=", "!=", ">=", "<=", "**", "~>", "?:", "??");
  private static final String SINGLE = ".[]{}(),@#;:?+-*/%|=<>^&!~";

  /// No double has more; what is longer begins with zeros.
  private static final int WHOLE_DIGITS_MAX = 309;

  private final String source;
  private int at;

  /// What the regular expressions so far come to.
  private RegexSize regexes = RegexSize.NONE;

  Lexer(String source) {
    this.source = source;
  }

  /// @param valueMayBegin whether a `/` here begins a regular expression
  Token next(boolean valueMayBegin) {
    skipBlanks();
    if (at >= source.length()) {
      return new Token(Type.END, "(end)", null, source.length());
    }
    int start = at;
    char c = source.charAt(at);
    if (valueMayBegin && c == '/') {
      return regex(start);
    }
    if (at + 1 < source.length()) {
      String two = source.substring(at, at + 2);
      if (DOUBLE.contains(two)) {
        at += 2;
        return new Token(Type.OPERATOR, two, null, start);
      }
    }
    if (SINGLE.indexOf(c) >= 0) {
      at++;
      return new Token(Type.OPERATOR, String.valueOf(c), null, start);
    }
    if (c == '"' || c == '\'') {
      return string(start, c);
    }
    if (c >= '0' && c <= '9') {
      return number(start);
    }
    if (c == '`') {
      int end = source.indexOf('`', at + 1);
      if (end < 0) {
        throw Stop.syntax("S0105", start, "A name in backquotes has no end; close it with `.");
      }
      at = end + 1;
      return new Token(Type.QUOTED_NAME, source.substring(start + 1, end), null, start);
    }
    return name(start);
  }

  private void skipBlanks() {
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0x0B) {
        at++;
      } else if (c == '/' && at + 1 < source.length() && source.charAt(at + 1) == '*') {
        int end = source.indexOf("*/", at + 2);
        if (end < 0) {
          throw Stop.syntax("S0106", at, "A comment has no end; close it with */.");
        }
        at = end + 2;
      } else {
        return;
      }
    }
  }

  private Token name(int start) {
    boolean variable = source.charAt(at) == '$';
    int from = variable ? at + 1 : at;
    int end = from;
    while (end < source.length() && isPartOfName(source.charAt(end))) {
      end++;
    }
    at = end;
    if (variable) {
      if (end == from && end < source.length() && source.charAt(end) == '$') {
        at = end + 1;
        return new Token(Type.VARIABLE, "$", null, start);
      }
      return new Token(Type.VARIABLE, source.substring(from, end).intern(), null, start);
    }
    String word = source.substring(from, end).intern();
    return switch (word) {
      case "" ->
          throw Stop.syntax(
              "S0204", start, "The character " + source.charAt(start) + " is not known here.");
      case "and", "or", "in" -> new Token(Type.OPERATOR, word, null, start);
      case "true" -> new Token(Type.VALUE, word, true, start);
      case "false" -> new Token(Type.VALUE, word, false, start);
      case "null" -> new Token(Type.VALUE, word, Values.NULL, start);
      default -> new Token(Type.NAME, word, null, start);
    };
  }

  private static boolean isPartOfName(char c) {
    return c > ' ' && SINGLE.indexOf(c) < 0 && c != '"' && c != '\'' && c != '`' && c != '$';
  }

  private Token number(int start) {
    int end = digits(at);
    boolean whole = true;
    if (end + 1 < source.length() && source.charAt(end) == '.' && isDigit(end + 1)) {
      whole = false;
      end = digits(end + 1);
    }
    if (end < source.length() && (source.charAt(end) == 'e' || source.charAt(end) == 'E')) {
      int exponent = end + 1;
      if (exponent < source.length()
          && (source.charAt(exponent) == '+' || source.charAt(exponent) == '-')) {
        exponent++;
      }
      if (isDigit(exponent)) {
        whole = false;
        end = digits(exponent);
      }
    }
    at = end;
    String text = source.substring(start, end);
    if (whole && text.length() <= 18) {
      return new Token(Type.NUMBER, text, Long.parseLong(text), start);
    }
    double value = Double.parseDouble(text);
    if (Double.isInfinite(value)) {
      throw Stop.syntax("S0102", start, "The number " + clip(text) + " is out of range.");
    }
    Object number =
        whole && text.length() <= WHOLE_DIGITS_MAX
            ? Values.whole(new BigInteger(text))
            : Values.number(value);
    return new Token(Type.NUMBER, text, number, start);
  }

  private boolean isDigit(int index) {
    return index < source.length() && source.charAt(index) >= '0' && source.charAt(index) <= '9';
  }

  private int digits(int from) {
    int end = from;
    while (isDigit(end)) {
      end++;
    }
    return end;
  }

  private Token string(int start, char quote) {
    StringBuilder text = new StringBuilder();
    at++;
    while (at < source.length()) {
      char c = source.charAt(at);
      if (c == quote) {
        at++;
        return new Token(Type.STRING, "", text.toString(), start);
      }
      if (c == '\\') {
        at++;
        escape(text);
      } else {
        text.append(c);
        at++;
      }
    }
    throw Stop.syntax("S0101", start, "A string has no end; close it with " + quote + ".");
  }

  private void escape(StringBuilder text) {
    if (at >= source.length()) {
      return;
    }
    char c = source.charAt(at);
    switch (c) {
      case '"', '\'', '\\', '/' -> text.append(c);
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case 'n' -> text.append('\n');
      case 'r' -> text.append('\r');
      case 't' -> text.append('\t');
      case 'u' -> {
        try {
          text.append((char) Integer.parseUnsignedInt(source, at + 1, at + 5, 16));
        } catch (IndexOutOfBoundsException | NumberFormatException none) {
          throw Stop.syntax("S0104", at, "After \\u in a string come four hexadecimal digits.");
        }
        at += 4;
      }
      default ->
          throw Stop.syntax(
              "S0103", at, "\\" + c + " is no escape in a string; for a backslash write \\\\.");
    }
    at++;
  }

  private Token regex(int start) {
    int end = start + 1;
    int brackets = 0;
    while (end < source.length()) {
      char c = source.charAt(end);
      if (c == '\\') {
        end += 2;
        continue;
      }
      if (c == '/' && brackets == 0) {
        break;
      }
      if (c == '[' && brackets == 0) {
        brackets = 1;
      } else if (c == ']') {
        brackets = 0;
      }
      end++;
    }
    if (end >= source.length()) {
      throw Stop.syntax("S0302", start, "A regular expression has no end; close it with /.");
    }
    String pattern = source.substring(start + 1, end);
    if (pattern.isEmpty()) {
      throw Stop.syntax("S0301", start, "A regular expression may not be empty.");
    }
    end++;
    int flags = end;
    while (flags < source.length() && "im".indexOf(source.charAt(flags)) >= 0) {
      flags++;
    }
    at = flags;
    Regex regex = Regex.compile(pattern, source.substring(end, flags), start, regexes);
    regexes = regexes.plus(regex.size());
    return new Token(Type.REGEX, pattern, regex, start);
  }

  static String clip(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
