package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Writes a change as the JSON that bronze keeps: `{"key":{…},"before":{…},"after":{…}}`, absent
/// parts left out. It loses nothing: a cell becomes a JSON number only if jsonb prints that number
/// back to the letter, and whatever jsonb would change or refuse is a string or is wrapped:
///
/// - `{"$raw":"…"}` JSON text that jsonb would normalise, or that looks like nothing or like one of
///   these;
/// - `{"$raw":"…","$encoding":"base64"}` bytes that are not UTF-8, or hold a NUL;
/// - `{"$redacted":true}`, `{"$omitted":true}`: the value stayed at the site, or was too large;
/// - `"unchanged":["column"]`, `"dropped":[…]`, `"hashed":[…]` beside a part's columns say what
///   became of those that are missing or are not plain. They stand in the payload itself.
///
/// [PayloadReader] makes the same cells of it again.
///
/// It works on bytes from end to end and keeps the encoded names of a schema's columns. Not safe
/// for several threads.
public final class PayloadJson {
  /// A longer number stays a string: jsonb could hold it, but few readers could.
  private static final int NUMBER_LENGTH_MAX = 300;

  /// Deeper JSON is wrapped, far below where jsonb runs out of stack.
  private static final int DEPTH_MAX = 1_000;

  private static final int SCHEMAS_REMEMBERED_MAX = 20_000;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NULL_TEXT = "null".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] TRUE_TEXT = "true".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] FALSE_TEXT = "false".getBytes(StandardCharsets.US_ASCII);

  /// `"name":` for each column, and which columns are the key.
  private record Names(byte[][] quoted, int[] keyColumns) {}

  private final Map<TableSchema, Names> names = new IdentityHashMap<>();

  /// Appends the payload of `event` to `out`.
  public void write(ChangeEvent event, ByteSink out) {
    var schema = event.schema();
    var table = names(schema);
    out.put('{');
    var first = true;
    if (event.oldKey() != null) {
      first = label(out, first, "\"key\":");
      part(out, schema, table, event.oldKey(), table.keyColumns());
    }
    if (event.before() != null) {
      first = label(out, first, "\"before\":");
      part(out, schema, table, event.before(), null);
    }
    if (event.after() != null) {
      first = label(out, first, "\"after\":");
      part(out, schema, table, event.after(), null);
    }
    if (!plain(event.oldKey()) || !plain(event.before()) || !plain(event.after())) {
      asides(out, first, table, event);
    }
    out.put('}');
  }

  /// Whether every cell is a text or null.
  private static boolean plain(@Nullable Row row) {
    if (row != null) {
      for (var i = 0; i < row.size(); i++) {
        if (row.length(i) < Row.NULL || row.hashed(i)) {
          return false;
        }
      }
    }
    return true;
  }

  /// What became of the cells that are missing or are not plain.
  private static void asides(ByteSink out, boolean nothingBefore, Names table, ChangeEvent event) {
    var row = event.after() != null ? event.after() : event.before();
    var columns = table.quoted().length;
    var first =
        list(
            out,
            nothingBefore,
            table,
            "\"unchanged\":",
            places(columns, i -> row != null && row.length(i) == Row.UNCHANGED));
    first =
        list(
            out,
            first,
            table,
            "\"dropped\":",
            places(columns, i -> any(table, event, i, (r, c) -> r.length(c) == Row.DROPPED)));
    list(out, first, table, "\"hashed\":", places(columns, i -> any(table, event, i, Row::hashed)));
  }

  private void part(
      ByteSink out, TableSchema schema, Names table, Row row, int @Nullable [] columns) {
    out.put('{');
    var first = true;
    for (var cell = 0; cell < row.size(); cell++) {
      var length = row.length(cell);
      if (length == Row.UNCHANGED || length == Row.DROPPED) {
        continue;
      }
      var column = columns == null ? cell : columns[cell];
      if (!first) {
        out.put(',');
      }
      first = false;
      out.put(table.quoted()[column]);
      if (length == Row.NULL) {
        out.put(NULL_TEXT);
      } else if (length == Row.REDACTED) {
        out.ascii("{\"$redacted\":true}");
      } else if (length == Row.OMITTED) {
        out.ascii("{\"$omitted\":true}");
      } else if (row.hashed(cell)) {
        string(out, row.bytes(), row.offset(cell), length);
      } else {
        value(out, schema.columns().get(column).kind(), row.bytes(), row.offset(cell), length);
      }
    }
    out.put('}');
  }

  private static void value(ByteSink out, ValueKind kind, byte[] bytes, int offset, int length) {
    switch (kind) {
      case BOOL -> {
        if (length == 1 && bytes[offset] == 't') {
          out.put(TRUE_TEXT);
        } else if (length == 1 && bytes[offset] == 'f') {
          out.put(FALSE_TEXT);
        } else {
          string(out, bytes, offset, length);
        }
      }
      case INT, NUMERIC, FLOAT -> {
        if (plainDecimal(bytes, offset, length)) {
          out.put(bytes, offset, length);
        } else {
          string(out, bytes, offset, length);
        }
      }
      case JSONB -> {
        if (depthWithin(bytes, offset, length)
            && wellFormed(bytes, offset, length)
            && !ambiguous(bytes, offset, length)) {
          out.put(bytes, offset, length);
        } else {
          raw(out, bytes, offset, length);
        }
      }
      case JSON -> raw(out, bytes, offset, length);
      default -> string(out, bytes, offset, length);
    }
  }

  /// A document that reads like a missing value, or like a wrapping of our own.
  private static boolean ambiguous(byte[] bytes, int offset, int length) {
    return Arrays.equals(bytes, offset, offset + length, NULL_TEXT, 0, NULL_TEXT.length)
        || length > 2
            && bytes[offset] == '{'
            && bytes[offset + 1] == '"'
            && bytes[offset + 2] == '$';
  }

  /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, not a negative zero, not too long: what jsonb gives back as it
  /// was.
  static boolean plainDecimal(byte[] bytes, int offset, int length) {
    if (length == 0 || length > NUMBER_LENGTH_MAX) {
      return false;
    }
    var end = offset + length;
    var i = offset;
    var negative = bytes[i] == '-';
    if (negative) {
      i++;
    }
    var digits = i;
    while (i < end && isDigit(bytes[i])) {
      i++;
    }
    if (i == digits || bytes[digits] == '0' && i - digits > 1) {
      return false;
    }
    if (i < end) {
      if (bytes[i] != '.') {
        return false;
      }
      var fraction = ++i;
      while (i < end && isDigit(bytes[i])) {
        i++;
      }
      if (i == fraction || i < end) {
        return false;
      }
    }
    return !negative || !zero(bytes, digits, end);
  }

  private static boolean zero(byte[] bytes, int from, int end) {
    for (var i = from; i < end; i++) {
      if (bytes[i] != '0' && bytes[i] != '.') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  private static boolean depthWithin(byte[] bytes, int offset, int length) {
    if (length <= DEPTH_MAX) {
      return true;
    }
    var depth = 0;
    var inString = false;
    for (var i = offset; i < offset + length; i++) {
      var b = bytes[i];
      if (inString) {
        if (b == '\\') {
          i++;
        } else if (b == '"') {
          inString = false;
        }
      } else if (b == '"') {
        inString = true;
      } else if (b == '[' || b == '{') {
        if (++depth > DEPTH_MAX) {
          return false;
        }
      } else if (b == ']' || b == '}') {
        depth--;
      }
    }
    return true;
  }

  private static void raw(ByteSink out, byte[] bytes, int offset, int length) {
    if (wellFormed(bytes, offset, length)) {
      out.ascii("{\"$raw\":");
      string(out, bytes, offset, length);
      out.put('}');
    } else {
      base64(out, bytes, offset, length);
    }
  }

  private static void base64(ByteSink out, byte[] bytes, int offset, int length) {
    out.ascii("{\"$raw\":\"");
    out.put(Base64.getEncoder().encode(Arrays.copyOfRange(bytes, offset, offset + length)));
    out.ascii("\",\"$encoding\":\"base64\"}");
  }

  /// A JSON string of UTF-8 bytes, or the base64 form of what is not UTF-8.
  private static void string(ByteSink out, byte[] bytes, int offset, int length) {
    var end = offset + length;
    var plain = offset;
    while (plain < end && isPlain(bytes[plain])) {
      plain++;
    }
    if (plain == end) {
      out.put('"').put(bytes, offset, length).put('"');
      return;
    }
    if (!wellFormed(bytes, offset, length)) {
      base64(out, bytes, offset, length);
      return;
    }
    out.put('"');
    var copied = offset;
    for (var i = plain; i < end; i++) {
      var b = bytes[i];
      if (b == '"' || b == '\\' || b >= 0 && b < 0x20) {
        out.put(bytes, copied, i - copied);
        escape(out, b);
        copied = i + 1;
      }
    }
    out.put(bytes, copied, end - copied).put('"');
  }

  /// ASCII that needs no escape.
  private static boolean isPlain(byte b) {
    return b >= 0x20 && b != '"' && b != '\\';
  }

  private static void escape(ByteSink out, byte b) {
    out.put('\\');
    switch (b) {
      case '"', '\\' -> out.put(b);
      case '\n' -> out.put('n');
      case '\r' -> out.put('r');
      case '\t' -> out.put('t');
      default -> out.put('u').put('0').put('0').put(HEX[b >> 4]).put(HEX[b & 0xf]);
    }
  }

  /// Whether PostgreSQL would take the bytes as UTF-8 text: no NUL, no overlong form, no surrogate.
  static boolean wellFormed(byte[] bytes, int offset, int length) {
    var end = offset + length;
    for (var i = offset; i < end; ) {
      var b = bytes[i];
      if (b > 0) {
        i++;
        continue;
      }
      var lead = b & 0xff;
      int more;
      int low;
      if (lead >= 0xc2 && lead <= 0xdf) {
        more = 1;
        low = 0x80;
      } else if (lead >= 0xe0 && lead <= 0xef) {
        more = 2;
        low = lead == 0xe0 ? 0xa0 : 0x80;
      } else if (lead >= 0xf0 && lead <= 0xf4) {
        more = 3;
        low = lead == 0xf0 ? 0x90 : 0x80;
      } else {
        return false;
      }
      if (i + more >= end) {
        return false;
      }
      var second = bytes[i + 1] & 0xff;
      var high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
      if (second < low || second > high) {
        return false;
      }
      for (var k = 2; k <= more; k++) {
        if ((bytes[i + k] & 0xc0) != 0x80) {
          return false;
        }
      }
      i += more + 1;
    }
    return true;
  }

  private static boolean label(ByteSink out, boolean first, String label) {
    if (!first) {
      out.put(',');
    }
    out.ascii(label);
    return false;
  }

  private interface CellTest {
    boolean test(Row row, int cell);
  }

  /// Whether any image of the change has such a cell in that column.
  private static boolean any(Names table, ChangeEvent event, int column, CellTest test) {
    if (event.after() != null && test.test(event.after(), column)
        || event.before() != null && test.test(event.before(), column)) {
      return true;
    }
    if (event.oldKey() != null) {
      for (var cell = 0; cell < table.keyColumns().length; cell++) {
        if (table.keyColumns()[cell] == column && test.test(event.oldKey(), cell)) {
          return true;
        }
      }
    }
    return false;
  }

  private static @Nullable List<Integer> places(int columns, IntPredicate test) {
    List<Integer> places = null;
    for (var i = 0; i < columns; i++) {
      if (test.test(i)) {
        places = places == null ? new ArrayList<>() : places;
        places.add(i);
      }
    }
    return places;
  }

  private static boolean list(
      ByteSink out, boolean first, Names table, String label, @Nullable List<Integer> columns) {
    if (columns == null) {
      return first;
    }
    label(out, first, label);
    out.put('[');
    for (var i = 0; i < columns.size(); i++) {
      if (i > 0) {
        out.put(',');
      }
      var name = table.quoted()[columns.get(i)];
      out.put(name, 0, name.length - 1);
    }
    out.put(']');
    return false;
  }

  private Names names(TableSchema schema) {
    var found = names.get(schema);
    if (found != null) {
      return found;
    }
    if (names.size() >= SCHEMAS_REMEMBERED_MAX) {
      names.clear();
    }
    var columns = schema.columns();
    var quoted = new byte[columns.size()][];
    var keys = new int[schema.keyColumns()];
    var key = 0;
    for (var i = 0; i < quoted.length; i++) {
      var name = columns.get(i).name().getBytes(StandardCharsets.UTF_8);
      var sink = new ByteSink(name.length + 8);
      string(sink, name, 0, name.length);
      quoted[i] = sink.put(':').toByteArray();
      if (columns.get(i).key()) {
        keys[key++] = i;
      }
    }
    var made = new Names(quoted, keys);
    names.put(schema, made);
    return made;
  }
}
