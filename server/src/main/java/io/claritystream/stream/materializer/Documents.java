package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/// Takes JSON apart: each scalar becomes an extra under its dotted path, elements of arrays by
/// index. `{"motor":{"temps":[71,73]}}` in the column `doc` has `doc.motor.temps.0` and
/// `doc.motor.temps.1`.
final class Documents {
  static final int DEPTH_MAX = 8;
  static final int ELEMENTS_MAX = 20;
  static final int VALUES_MAX = 500;

  private static final int PATH_CHARS_MAX = 200;

  private final JsonFactory json = new JsonFactory();

  /// Takes what a document holds.
  @FunctionalInterface
  interface Taker {
    void take(ExtraKey key, ExtraType type, String value);
  }

  /// Null says nothing; a document that cannot be read is kept as text under the column's path.
  ///
  /// @return how many values found no room: too deep, too many, a path too long, no key left; or
  ///     are not as they came: a text that is cut, a number that stays text, a document that is
  ///     kept as text because of a number or a depth beyond what is read
  int read(Row row, int column, String path, KeySpace keys, Taker taker) {
    var walk = new Walk(keys, taker);
    try (var parser =
        json.createParser(
            ObjectReadContext.empty(), row.bytes(), row.offset(column), row.length(column))) {
      if (parser.nextToken() != null) {
        walk.value(parser, path, 0);
      }
      return walk.leftOut;
    } catch (JacksonException unreadable) {
      var key = keys.key(path);
      var text = row.text(column);
      if (key == null || text == null) {
        return walk.leftOut + 1;
      }
      taker.take(key, ExtraType.TEXT, Texts.stored(text));
      var isBent = unreadable instanceof StreamConstraintsException || Texts.isCut(text);
      return walk.leftOut + (isBent ? 1 : 0);
    }
  }

  private static final class Walk {
    private final KeySpace keys;
    private final Taker taker;
    private int taken;
    private int leftOut;

    private Walk(KeySpace keys, Taker taker) {
      this.keys = keys;
      this.taker = taker;
    }

    /// The parser stands on the value's first token, and in the end on its last.
    private void value(JsonParser parser, String path, int depth) {
      switch (parser.currentToken()) {
        case START_OBJECT -> {
          if (tooDeep(parser, path, depth)) {
            return;
          }
          while (parser.nextToken() != JsonToken.END_OBJECT) {
            var field = parser.currentName();
            parser.nextToken();
            value(parser, path + "." + ExtraNames.escaped(Keys.shortened(field)), depth + 1);
          }
        }
        case START_ARRAY -> {
          if (tooDeep(parser, path, depth)) {
            return;
          }
          for (var index = 0; parser.nextToken() != JsonToken.END_ARRAY; index++) {
            if (index < ELEMENTS_MAX) {
              value(parser, path + "." + index, depth + 1);
            } else {
              parser.skipChildren();
              leftOut++;
            }
          }
        }
        case VALUE_STRING -> {
          var text = text(parser);
          take(path, new Texts.Typed(ExtraType.TEXT, Texts.stored(text)), Texts.isCut(text));
        }
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
          var number = Texts.number(text(parser));
          take(path, number, Texts.isBent(number));
        }
        case VALUE_TRUE -> take(path, new Texts.Typed(ExtraType.BOOL, "t"), false);
        case VALUE_FALSE -> take(path, new Texts.Typed(ExtraType.BOOL, "f"), false);
        default -> {}
      }
    }

    private static String text(JsonParser parser) {
      @Nullable String text = parser.getString();
      return text == null ? "" : text;
    }

    private boolean tooDeep(JsonParser parser, String path, int depth) {
      if (depth < DEPTH_MAX && path.length() <= PATH_CHARS_MAX) {
        return false;
      }
      parser.skipChildren();
      leftOut++;
      return true;
    }

    private void take(String path, Texts.Typed value, boolean isBent) {
      var key = path.length() <= PATH_CHARS_MAX && taken < VALUES_MAX ? keys.key(path) : null;
      if (key == null) {
        leftOut++;
        return;
      }
      taken++;
      leftOut += isBent ? 1 : 0;
      taker.take(key, value.type(), value.text());
    }
  }
}
