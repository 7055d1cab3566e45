package io.claritystream.protocol.text;

/// Texts of whole characters. Half of a surrogate pair is none: UTF-8 has no bytes for it, so no
/// database and no other system takes it.
public final class WholeText {
  private WholeText() {}

  /// Whether the text holds whole characters only.
  public static boolean is(String text) {
    for (var i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (isHalf(text.codePointAt(i))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  public static boolean isHalf(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
