package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;

/// Walks over JSON text that is known to be well formed, as bytes: that of a payload. Numbers and
/// documents are given as they stand there; only strings are decoded.
final class JsonCursor {
  private final byte[] bytes;
  private int at;

  JsonCursor(byte[] bytes) {
    this.bytes = bytes;
  }

  private JsonCursor(byte[] bytes, int at) {
    this.bytes = bytes;
    this.at = at;
  }

  /// Another one on the same text, at a place that [#skipValue] has given.
  JsonCursor at(int place) {
    return new JsonCursor(bytes, place);
  }

  CorruptBlockException corrupt(String what) {
    return new CorruptBlockException("payload holds " + what + ", before byte " + at);
  }

  /// The first byte of the value at hand.
  byte peek() {
    blanks();
    if (at >= bytes.length) {
      throw corrupt("no more where there should be");
    }
    return bytes[at];
  }

  private void expect(char c) {
    if (peek() != c) {
      throw corrupt("something else than " + c);
    }
    at++;
  }

  private void blanks() {
    while (at < bytes.length
        && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\t' || bytes[at] == '\r')) {
      at++;
    }
  }

  /// Enters an object or array; false if it is empty.
  boolean begin(char open, char close) {
    expect(open);
    if (peek() == close) {
      at++;
      return false;
    }
    return true;
  }

  /// Behind a member: whether another one follows.
  boolean more(char close) {
    if (peek() == close) {
      at++;
      return false;
    }
    expect(',');
    return true;
  }

  void end() {
    blanks();
    if (at != bytes.length) {
      throw corrupt("more than one value");
    }
  }

  /// The name of a member; its value follows.
  String name() {
    return new String(nameBytes(), StandardCharsets.UTF_8);
  }

  byte[] nameBytes() {
    var name = string();
    expect(':');
    return name;
  }

  /// Whether the object at hand is one of the payload's own wrappings: its first name begins with
  /// `$`.
  boolean peekWrapper() {
    var place = at;
    try {
      return begin('{', '}') && peek() == '"' && at + 1 < bytes.length && bytes[at + 1] == '$';
    } finally {
      at = place;
    }
  }

  /// Passes over a value and says where it began.
  int skipValue() {
    peek();
    var begin = at;
    var depth = 0;
    do {
      switch (peek()) {
        case '{', '[' -> {
          depth++;
          at++;
        }
        case '}', ']' -> {
          depth--;
          at++;
        }
        case ',', ':' -> at++;
        case '"' -> skipString();
        default -> skipWord();
      }
    } while (depth > 0);
    return begin;
  }

  /// The text of a value as it stands there.
  byte[] value() {
    var begin = skipValue();
    return java.util.Arrays.copyOfRange(bytes, begin, at);
  }

  private void skipWord() {
    var begin = at;
    while (at < bytes.length && ",:]} \n\r\t".indexOf(bytes[at]) < 0) {
      at++;
    }
    if (at == begin) {
      throw corrupt("no value");
    }
  }

  private void skipString() {
    at++;
    while (at < bytes.length && bytes[at] != '"') {
      at += bytes[at] == '\\' ? 2 : 1;
    }
    if (at >= bytes.length) {
      throw corrupt("a string without end");
    }
    at++;
  }

  /// The bytes that a string stands for, in UTF-8.
  byte[] string() {
    if (peek() != '"') {
      throw corrupt("no string where one should be");
    }
    var begin = at + 1;
    skipString();
    var end = at - 1;
    var plain = begin;
    while (plain < end && bytes[plain] != '\\') {
      plain++;
    }
    if (plain == end) {
      return java.util.Arrays.copyOfRange(bytes, begin, end);
    }
    var out = new ByteSink(end - begin);
    for (var i = begin; i < end; ) {
      if (bytes[i] != '\\') {
        out.put(bytes[i++]);
        continue;
      }
      var c = bytes[i + 1];
      if (c != 'u') {
        out.put(plain(c));
        i += 2;
        continue;
      }
      var unit = hex(i + 2, end);
      i += 6;
      if (Character.isHighSurrogate((char) unit)) {
        out.put(utf8(Character.toCodePoint((char) unit, (char) hex(i + 2, end))));
        i += 6;
      } else {
        out.put(utf8(unit));
      }
    }
    return out.toByteArray();
  }

  private byte plain(byte c) {
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'f' -> '\f';
      default -> throw corrupt("an escape that JSON does not know");
    };
  }

  private int hex(int from, int end) {
    if (from + 4 > end) {
      throw corrupt("an escape that is cut off");
    }
    var value = 0;
    for (var i = from; i < from + 4; i++) {
      var digit = Character.digit(bytes[i], 16);
      if (digit < 0) {
        throw corrupt("an escape without digits");
      }
      value = value << 4 | digit;
    }
    return value;
  }

  private static byte[] utf8(int codePoint) {
    return Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
  }
}
