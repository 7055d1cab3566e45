package io.claritystream.base.http;

import io.claritystream.protocol.text.ShortText;
import java.util.Optional;

/// What a person may call something: one line of characters that can be seen. What reverses the
/// direction of reading, has no width or no meaning could make one name look like another, or like
/// none; some of it no database stores.
public final class LineOfText {

  /// Letters by their category, blanks by their looks: the fillers of Hangul and Khmer, and the
  /// Braille pattern without a dot.
  private static final String UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0";

  /// Why the text is none, as it follows the field's name; empty if it is one.
  ///
  /// @param lengthMax in characters as people count them, near enough: code points
  public static Optional<String> wrong(String text, int lengthMax) {
    if (text.codePoints().allMatch(LineOfText::isBlank)) {
      return Optional.of("is required");
    }
    if (text.codePointCount(0, text.length()) > lengthMax) {
      return Optional.of("must have at most " + lengthMax + " characters");
    }
    if (text.codePoints().anyMatch(LineOfText::isOdd)) {
      return Optional.of("must be one line of text, without invisible or control characters");
    }
    return Optional.empty();
  }

  /// The text as it may be stored and shown where nobody can be asked to correct it: one blank in
  /// the place of what is odd, and cut where it is too long, never within a character.
  public static String made(String text, int lengthMax) {
    StringBuilder made = new StringBuilder(Math.min(text.length(), lengthMax));
    text.codePoints()
        .limit(lengthMax)
        .forEach(
            character -> {
              if (!isOdd(character)) {
                made.appendCodePoint(character);
              } else if (!made.isEmpty() && made.charAt(made.length() - 1) != ' ') {
                made.append(' ');
              }
            });
    return made.codePoints().allMatch(LineOfText::isBlank) ? "" : made.toString().strip();
  }

  /// What somebody tells, as [#made(String, int)] makes it; it says so where it is cut.
  public static String told(String text, int lengthMax) {
    String kept = ShortText.of(text, lengthMax);
    return made(kept, kept.length());
  }

  private static boolean isBlank(int character) {
    return Character.isWhitespace(character) || Character.isSpaceChar(character);
  }

  private static boolean isOdd(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> UNSEEN.indexOf(character) >= 0;
    };
  }

  private LineOfText() {}
}
