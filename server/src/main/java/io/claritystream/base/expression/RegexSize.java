package io.claritystream.base.expression;

/// What reading a regular expression comes to, counted from its source before RE2J writes out its
/// repetitions and the ranges of its classes. Rather too much than too little.
///
/// @param program instructions of the compiled program
/// @param classes characters and ranges that its classes are worked out of
record RegexSize(long program, long classes) {

  static final RegexSize NONE = new RegexSize(0, 0);

  /// The table of a Unicode class has up to so many ranges.
  private static final int UNICODE_CLASS = 700;

  /// Beyond this character no letter has another case.
  private static final int FOLDED_MAX = 0x1E943;

  private static final long MANY = 1L << 40;

  RegexSize plus(RegexSize other) {
    return new RegexSize(program + other.program, classes + other.classes);
  }

  /// Cyrillic letters whose capitals have other small letters: following a letter's cases, RE2J
  /// never comes back to these, and does not end.
  private static final int ENDLESS_FROM = 0x1C80;

  private static final int ENDLESS_TO = 0x1C88;

  static RegexSize of(String source, boolean ignoresCase) {
    return new Reader(source, ignoresCase).read();
  }

  /// Whether RE2J would not end where it ignores the case of these characters.
  static boolean isEndless(int from, int to) {
    return from <= ENDLESS_TO && to >= ENDLESS_FROM;
  }

  static Stop endless() {
    return Stop.value(
        "S0303", "Characters from U+1C80 to U+1C88 cannot be found whatever their case.");
  }

  private static final class Reader {
    private final String source;
    private final boolean folds;
    private int at;
    private long classes;

    /// Of the groups that are open, what they had come to before.
    private final java.util.ArrayDeque<Long> outer = new java.util.ArrayDeque<>();

    private long total;

    /// What a repetition behind would repeat.
    private long last;

    Reader(String source, boolean ignoresCase) {
      this.source = source;
      this.folds = ignoresCase || source.matches("(?s).*\\(\\?[a-zA-Z]*i.*");
    }

    RegexSize read() {
      while (at < source.length()) {
        switch (source.charAt(at)) {
          case '(' -> {
            outer.push(total + last);
            total = 0;
            last = 0;
            at++;
          }
          case ')' -> {
            last += total + 2;
            total = outer.isEmpty() ? 0 : outer.pop();
            at++;
          }
          case '*', '+', '?' -> {
            last++;
            at++;
          }
          case '{' -> repetition();
          case '[' -> {
            skipClass();
            atom();
          }
          case '\\' -> escape();
          default -> {
            check(source.charAt(at), source.charAt(at));
            at++;
            atom();
          }
        }
      }
      long open = outer.stream().mapToLong(Long::longValue).sum();
      return new RegexSize(Math.min(MANY, open + total + last), classes);
    }

    private void atom() {
      total += last;
      last = 1;
    }

    /// Where it is none after all, `{` is a character like others.
    private void repetition() {
      int end = at + 1;
      long number = 0;
      long largest = 1;
      while (end < source.length() && (isDigit(end) || source.charAt(end) == ',')) {
        number = isDigit(end) ? Math.min(100_000, number * 10 + source.charAt(end) - '0') : 0;
        largest = Math.max(largest, number);
        end++;
      }
      if (end < source.length() && source.charAt(end) == '}' && end > at + 1) {
        last = Math.min(MANY, (last + 1) * (largest + 1));
        at = end + 1;
      } else {
        at++;
        atom();
      }
    }

    private boolean isDigit(int index) {
      return source.charAt(index) >= '0' && source.charAt(index) <= '9';
    }

    private void escape() {
      char kind = at + 1 < source.length() ? source.charAt(at + 1) : 0;
      if (kind == 'Q') {
        int end = source.indexOf("\\E", at);
        int text = Math.max(0, (end < 0 ? source.length() : end) - at - 2);
        source.substring(at, at + 2 + text).chars().forEach(c -> check(c, c));
        total += last + text;
        last = 1;
        at = end < 0 ? source.length() : end + 2;
      } else {
        int character = character();
        check(character, character);
        atom();
      }
    }

    private void check(int from, int to) {
      if (folds && isEndless(from, to)) {
        throw endless();
      }
    }

    /// Goes past one character of a class or one escape outside.
    ///
    /// @return the character, -1 for a class of its own
    private int character() {
      if (source.charAt(at) != '\\' || at + 1 >= source.length()) {
        int character = source.codePointAt(at);
        at += Character.charCount(character);
        return character;
      }
      char kind = source.charAt(at + 1);
      boolean braced = at + 2 < source.length() && source.charAt(at + 2) == '{';
      int end = braced ? source.indexOf('}', at) : -1;
      if (kind == 'p' || kind == 'P') {
        classes += UNICODE_CLASS;
        at = end >= 0 ? end + 1 : Math.min(source.length(), at + 3);
        return -1;
      }
      if (kind == 'x') {
        String digits =
            source.substring(
                Math.min(source.length(), at + (end >= 0 ? 3 : 2)),
                end >= 0 ? end : Math.min(source.length(), at + 4));
        at = end >= 0 ? end + 1 : Math.min(source.length(), at + 4);
        try {
          return Integer.parseInt(digits, 16);
        } catch (NumberFormatException none) {
          return -1;
        }
      }
      at += 2;
      return Character.isDigit(kind) ? 0 : kind;
    }

    private void skipClass() {
      at++;
      if (at < source.length() && source.charAt(at) == '^') {
        at++;
      }
      boolean first = true;
      while (at < source.length() && (first || source.charAt(at) != ']')) {
        first = false;
        int named = source.startsWith("[:", at) ? source.indexOf(":]", at + 2) : -1;
        if (named >= 0) {
          classes += UNICODE_CLASS;
          at = named + 2;
          continue;
        }
        classes++;
        int low = character();
        check(low, low);
        if (at + 1 < source.length() && source.charAt(at) == '-' && source.charAt(at + 1) != ']') {
          at++;
          int high = character();
          if (folds) {
            check(low, high < 0 ? FOLDED_MAX : high);
            classes += Math.max(0, Math.min(high < 0 ? FOLDED_MAX : high, FOLDED_MAX) - low + 1);
          }
        }
      }
      at = Math.min(source.length(), at + 1);
    }
  }
}
