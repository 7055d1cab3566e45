package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a time is written: `[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]`, that is words
/// and marks in brackets, each a component, how it is presented and how wide it is.
final class DatePicture {

  enum Case {
    LOWER,
    UPPER,
    TITLE
  }

  /// A word as it stands, or a mark.
  ///
  /// @param component 0 where it is a word
  /// @param names how a name is written, where it is a name and no number
  /// @param zulu whether UTC is written Z
  /// @param yearDigits how many of a year's last digits, 0 for all
  /// @param exactDigits how many digits are read, 0 for as many as there are
  record Part(
      String word,
      char component,
      @Nullable Case names,
      @Nullable IntegerPicture integer,
      boolean zulu,
      int digitsMin,
      int widthMax,
      int yearDigits,
      int exactDigits) {

    static Part word(String text) {
      return new Part(text, (char) 0, null, null, false, 0, 0, 0, 0);
    }

    Part exactly(int digits) {
      return new Part(
          word, component, names, integer, zulu, digitsMin, widthMax, yearDigits, digits);
    }

    boolean isInteger() {
      return integer != null && component != 'Z' && component != 'z';
    }
  }

  private static final Map<Character, String> DEFAULTS =
      Map.ofEntries(
          Map.entry('Y', "1"),
          Map.entry('M', "1"),
          Map.entry('D', "1"),
          Map.entry('d', "1"),
          Map.entry('F', "n"),
          Map.entry('W', "1"),
          Map.entry('w', "1"),
          Map.entry('X', "1"),
          Map.entry('x', "1"),
          Map.entry('H', "1"),
          Map.entry('h', "1"),
          Map.entry('P', "n"),
          Map.entry('m', "01"),
          Map.entry('s', "01"),
          Map.entry('f', "1"),
          Map.entry('Z', "01:01"),
          Map.entry('z', "01:01"),
          Map.entry('C', "n"),
          Map.entry('E', "n"));

  private static final String NAMED = "MxFP";
  private static final int WIDTH_MAX = 64;

  final List<Part> parts;

  private DatePicture(List<Part> parts) {
    this.parts = List.copyOf(parts);
  }

  static DatePicture of(String picture) {
    List<Part> parts = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    int at = 0;
    while (at < picture.length()) {
      char c = picture.charAt(at);
      boolean twice = at + 1 < picture.length() && picture.charAt(at + 1) == c;
      if (c == '[' && !twice) {
        if (!word.isEmpty()) {
          parts.add(Part.word(word.toString()));
          word.setLength(0);
        }
        int end = picture.indexOf(']', at);
        if (end < 0) {
          throw Stop.value("D3135", "A mark of a date picture has no end; close it with ].");
        }
        add(parts, mark(picture.substring(at + 1, end)));
        at = end + 1;
      } else {
        word.append(c);
        at += (c == '[' || c == ']') && twice ? 2 : 1;
      }
    }
    if (!word.isEmpty()) {
      parts.add(Part.word(word.toString()));
    }
    return new DatePicture(parts);
  }

  /// Of two numbers with nothing between them the first has just the digits that it shows.
  private static void add(List<Part> parts, Part part) {
    if (part.isInteger() && !parts.isEmpty() && parts.getLast().isInteger()) {
      Part before = parts.removeLast();
      parts.add(before.exactly(Math.max(1, before.digitsMin())));
    }
    parts.add(part);
  }

  private static Part mark(String written) {
    String text = written.replaceAll("\\s+", "");
    char component = text.isEmpty() ? 0 : text.charAt(0);
    String presentation = DEFAULTS.get(component);
    if (presentation == null) {
      throw Stop.value(
          "D3132",
          "The mark ["
              + Lexer.clip(text)
              + "] is not known; marks begin with one of Y M D d F W w X x H h P m s f Z z C E.");
    }
    int comma = text.lastIndexOf(',');
    String given = text.substring(1, comma < 0 ? text.length() : comma);
    String modifier = "";
    if (given.length() > 1 && "atco".indexOf(given.charAt(given.length() - 1)) >= 0) {
      modifier = given.substring(given.length() - 1);
      given = given.substring(0, given.length() - 1);
    }
    if (!given.isEmpty()) {
      presentation = given;
    }
    int widthMin = 0;
    int widthMax = 0;
    if (comma >= 0) {
      String width = text.substring(comma + 1);
      int dash = width.indexOf('-');
      widthMin = width(dash < 0 ? width : width.substring(0, dash));
      widthMax = dash < 0 ? 0 : width(width.substring(dash + 1));
    }
    char first = presentation.charAt(0);
    if (first == 'n' || first == 'N') {
      Case names =
          first == 'n' ? Case.LOWER : presentation.startsWith("Nn") ? Case.TITLE : Case.UPPER;
      if (NAMED.indexOf(component) < 0 && component != 'C' && component != 'E') {
        throw Stop.value(
            "D3133", "The component " + component + " has no name; use [" + component + "1].");
      }
      return new Part("", component, names, null, false, 0, widthMax, 0, 0);
    }
    IntegerPicture integer =
        IntegerPicture.of(modifier.equals("o") ? presentation + ";o" : presentation);
    int digits = Math.max(integer.mandatory, widthMin);
    int yearDigits = 0;
    int exact = 0;
    if (component == 'Y') {
      if (widthMax > 0) {
        yearDigits = widthMax;
        digits = widthMax;
      } else if (Math.max(digits, integer.mandatory) + integer.optional >= 2) {
        yearDigits = digits + integer.optional;
      }
    }
    if (widthMax > 0 && component != 'Y') {
      exact = widthMin == widthMax ? widthMax : 0;
    }
    return new Part(
        "",
        component,
        null,
        integer,
        modifier.equals("t"),
        digits,
        widthMax,
        Math.min(yearDigits, 15),
        exact);
  }

  private static int width(String text) {
    if (text.equals("*") || text.isEmpty()) {
      return 0;
    }
    try {
      int width = Integer.parseInt(text);
      if (width >= 0 && width <= WIDTH_MAX) {
        return width;
      }
    } catch (NumberFormatException none) {
      // Said below.
    }
    throw Stop.value(
        "D3135", "A width in a date picture is a number up to " + WIDTH_MAX + ", or *.");
  }
}
