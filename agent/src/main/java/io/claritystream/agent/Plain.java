package io.claritystream.agent;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/// What is written for people, without what would command their terminal: a table may have any
/// name, and so may whatever else a database or a network says. What is not to be shown is written
/// as `\u001b`.
final class Plain extends PrintStream {
  private Plain(PrintStream out) {
    super(out, true, out.charset());
  }

  /// A stream that lets nothing else through. Lines stay lines.
  static PrintStream stream(PrintStream out) {
    return out instanceof Plain ? out : new Plain(out);
  }

  @Override
  public void print(@Nullable String text) {
    super.print(lines(String.valueOf(text)));
  }

  /// Its lines as they are.
  static String lines(String text) {
    return escaped(text, true);
  }

  /// In one line, whatever it is.
  static String line(String text) {
    return escaped(text, false);
  }

  private static String escaped(String text, boolean lines) {
    StringBuilder result = null;
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      var shown = shown(c) || lines && (c == '\n' || c == '\t');
      if (!shown && result == null) {
        result = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (result != null) {
        result.append(shown ? String.valueOf(c) : "\\u%04x".formatted((int) c));
      }
    }
    return result == null ? text : result.toString();
  }

  /// Neither a control character nor one that turns the direction of what follows.
  private static boolean shown(char c) {
    var type = Character.getType(c);
    return type != Character.CONTROL
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR
        && !(c >= '\u202a' && c <= '\u202e')
        && !(c >= '\u2066' && c <= '\u2069');
  }
}
