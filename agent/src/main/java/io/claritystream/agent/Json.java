package io.claritystream.agent;

import java.util.ArrayDeque;
import java.util.Deque;

/// Writes JSON on one line.
final class Json {
  private final StringBuilder text = new StringBuilder();
  private final Deque<Character> ends = new ArrayDeque<>();
  private boolean comma;

  Json object() {
    return begin('{', '}');
  }

  Json array() {
    return begin('[', ']');
  }

  private Json begin(char from, char to) {
    separate();
    text.append(from);
    ends.push(to);
    comma = false;
    return this;
  }

  Json end() {
    text.append(ends.pop());
    comma = true;
    return this;
  }

  Json name(String name) {
    separate();
    quote(name);
    text.append(':');
    comma = false;
    return this;
  }

  Json value(String value) {
    separate();
    quote(value);
    return this;
  }

  Json field(String name, String value) {
    return name(name).value(value);
  }

  Json field(String name, long value) {
    return raw(name, Long.toString(value));
  }

  Json field(String name, boolean value) {
    return raw(name, Boolean.toString(value));
  }

  private Json raw(String name, String value) {
    name(name);
    text.append(value);
    comma = true;
    return this;
  }

  private void separate() {
    if (comma) {
      text.append(',');
    }
    comma = true;
  }

  private void quote(String value) {
    text.append('"');
    for (var i = 0; i < value.length(); i++) {
      var c = value.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> {
          if (c < ' ' || Character.isSurrogate(c) && !paired(value, i)) {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }

  private static boolean paired(String value, int at) {
    var c = value.charAt(at);
    return Character.isHighSurrogate(c)
        ? at + 1 < value.length() && Character.isLowSurrogate(value.charAt(at + 1))
        : at > 0 && Character.isHighSurrogate(value.charAt(at - 1));
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
