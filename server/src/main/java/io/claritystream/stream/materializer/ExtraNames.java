package io.claritystream.stream.materializer;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// How extras are called. The path of a value within a document joins names by `.`; an extra of a
/// device that comes from readings begins with their table and `:`. A `.`, `:` or `\` within a
/// name follows a `\`, so that no two values have one name and an entity's own extras are told from
/// those of its readings.
final class ExtraNames {
  /// What a stored name has at most.
  static final int CHARS_MAX = 200;

  private static final int PREFIX_CHARS_MAX = 120;
  private static final int HASH_BYTES = 8;

  private ExtraNames() {}

  static String escaped(String name) {
    var special = 0;
    for (var i = 0; i < name.length(); i++) {
      special += isSpecial(name.charAt(i)) ? 1 : 0;
    }
    if (special == 0) {
      return name;
    }
    var out = new StringBuilder(name.length() + special);
    for (var i = 0; i < name.length(); i++) {
      if (isSpecial(name.charAt(i))) {
        out.append('\\');
      }
      out.append(name.charAt(i));
    }
    return out.toString();
  }

  private static boolean isSpecial(char c) {
    return c == '.' || c == ':' || c == '\\';
  }

  /// What the extras from a table's readings begin with. The namespace that nobody names is left
  /// out.
  static String prefix(String table) {
    var shown = table.startsWith("public.") ? table.substring("public.".length()) : table;
    return fitted(escaped(shown), PREFIX_CHARS_MAX - 1) + ":";
  }

  static String stored(String prefix, String path) {
    return prefix + fitted(path, CHARS_MAX - prefix.length());
  }

  /// Whether a stored name is one of an entity's own extras.
  static boolean isOwn(String stored) {
    for (var i = 0; i < stored.length(); i++) {
      if (stored.charAt(i) == '\\') {
        i++;
      } else if (stored.charAt(i) == ':') {
        return false;
      }
    }
    return true;
  }

  /// Names that are too long, or that hold what cannot be stored, end with a hash of the whole, so
  /// that they stay different.
  private static String fitted(String name, int charsMax) {
    var clean = Keys.shortened(name);
    if (clean.equals(name) && name.length() <= charsMax) {
      return name;
    }
    var kept = Math.min(clean.length(), charsMax - 1 - 2 * HASH_BYTES);
    if (kept > 0 && Character.isHighSurrogate(clean.charAt(kept - 1))) {
      kept--;
    }
    // A cut must not leave half of an escape behind, which would escape the mark.
    while (kept > 0 && clean.charAt(kept - 1) == '\\') {
      kept--;
    }
    return clean.substring(0, kept) + "~" + hash(name);
  }

  private static String hash(String name) {
    try {
      var digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_16BE));
      return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
