package io.claritystream.protocol.text;

import java.util.Locale;

/// A text for people that is no longer than anybody reads, and says so where it was cut. The values
/// of rows are no such texts: they are kept whole, or marked as left out.
///
/// Lengths are in characters as people count them, near enough: code points.
public final class ShortText {
  private static final int REPLACEMENT = 0xfffd;

  private ShortText() {}

  /// The text, or its first `charsMax` characters and `… (cut at 1,000 characters)`. Cut once more
  /// at the same length it stays as it is, whoever passes it on.
  public static String of(String text, int charsMax) {
    var end = text.length() <= charsMax ? text.length() : end(text, charsMax);
    return end == text.length()
        ? text
        : text.substring(0, end)
            + "… (cut at "
            + String.format(Locale.ROOT, "%,d", charsMax)
            + " characters)";
  }

  private static int end(String text, int charsMax) {
    var end = 0;
    for (var left = charsMax; left > 0 && end < text.length(); left--) {
      end += Character.charCount(text.codePointAt(end));
    }
    return end;
  }

  /// The same as PostgreSQL takes it: where it has U+0000 or half of a surrogate pair stands
  /// U+FFFD, which people can see.
  public static String storable(String text, int charsMax) {
    var kept = of(text, charsMax);
    return kept.indexOf(0) >= 0 || !WholeText.is(kept) ? replaced(kept) : kept;
  }

  private static String replaced(String text) {
    var out = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c == 0 || WholeText.isHalf(c) ? REPLACEMENT : c)
        .forEach(out::appendCodePoint);
    return out.toString();
  }
}
