package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads what [PayloadJson] wrote, be it as written or as jsonb prints it, back into the cells it
/// was made from: the texts to the letter, and for every cell without one the reason. Not safe for
/// several threads.
///
/// A column that is missing from a row is one of the payload's `dropped`, or was unchanged.
public final class PayloadReader {
  private static final int SCHEMAS_REMEMBERED_MAX = 20_000;
  private static final byte[] TRUE_CELL = {'t'};
  private static final byte[] FALSE_CELL = {'f'};

  /// The images of one change.
  public record Images(@Nullable Row oldKey, @Nullable Row before, @Nullable Row after) {}

  /// Which column a name is, and the place among the key columns of those that are key.
  private record Columns(Map<String, Integer> byName, int[] keyPlaces) {}

  private final Map<TableSchema, Columns> remembered = new IdentityHashMap<>();

  /// The images in a payload of that table.
  ///
  /// @throws CorruptBlockException if it is not what [PayloadJson] writes for that table
  public Images read(byte[] payload, TableSchema schema) {
    var in = new JsonCursor(payload);
    Integer key = null;
    Integer before = null;
    Integer after = null;
    byte[] whole = null;
    var dropped = new boolean[schema.columns().size()];
    var hashed = new boolean[schema.columns().size()];
    var columns = columns(schema);
    for (var more = in.begin('{', '}'); more; more = in.more('}')) {
      switch (in.name()) {
        case "key" -> key = in.skipValue();
        case "before" -> before = in.skipValue();
        case "after" -> after = in.skipValue();
        case "dropped" -> names(in, columns, dropped);
        case "hashed" -> names(in, columns, hashed);
        case "unchanged", "$encoding" -> in.skipValue();
        case "$raw" -> whole = decoded(in.string());
        default -> throw in.corrupt("a name that is none of a payload's");
      }
    }
    in.end();
    if (whole != null) {
      return read(whole, schema);
    }
    var size = columns.keyPlaces().length;
    return new Images(
        key == null ? null : row(in.at(key), schema, columns, schema.keyColumns(), dropped, hashed),
        before == null ? null : row(in.at(before), schema, columns, size, dropped, hashed),
        after == null ? null : row(in.at(after), schema, columns, size, dropped, hashed));
  }

  private static void names(JsonCursor in, Columns columns, boolean[] marked) {
    for (var more = in.begin('[', ']'); more; more = in.more(']')) {
      marked[column(in, columns, in.string())] = true;
    }
  }

  private static int column(JsonCursor in, Columns columns, byte[] name) {
    var column = columns.byName().get(new String(name, StandardCharsets.UTF_8));
    if (column == null) {
      throw in.corrupt("a column that the table does not have");
    }
    return column;
  }

  /// @param size the number of columns for a row, that of key columns for an old key
  private static Row row(
      JsonCursor in,
      TableSchema schema,
      Columns columns,
      int size,
      boolean[] dropped,
      boolean[] hashed) {
    var ofKey = size != columns.keyPlaces().length;
    var texts = new ByteSink(256);
    var begins = new int[size];
    // The length of a text × 2 + hashed, or a marker.
    var packed = new int[size];
    for (var column = 0; column < columns.keyPlaces().length; column++) {
      var cell = ofKey ? columns.keyPlaces()[column] : column;
      if (cell >= 0) {
        packed[cell] = dropped[column] ? Row.DROPPED : Row.UNCHANGED;
      }
    }
    for (var more = in.begin('{', '}'); more; more = in.more('}')) {
      var column = column(in, columns, in.nameBytes());
      var cell = ofKey ? columns.keyPlaces()[column] : column;
      if (cell < 0) {
        throw in.corrupt("a column in the old key that is not of it");
      }
      begins[cell] = texts.size();
      var marker = cell(in, schema.columns().get(column).kind(), hashed[column], texts);
      packed[cell] =
          marker < 0 ? marker : (texts.size() - begins[cell]) << 1 | (hashed[column] ? 1 : 0);
    }
    return image(texts, begins, packed);
  }

  /// The row as a block has it, in the order of its columns.
  private static Row image(ByteSink texts, int[] begins, int[] packed) {
    var image = new ByteSink(texts.size() + packed.length * 3 + 1);
    for (var cell = 0; cell < packed.length; cell++) {
      if (packed[cell] < 0) {
        image.put(-1 - packed[cell]);
      } else {
        image.varint(Row.TEXT + (long) packed[cell]);
        image.put(texts.array(), begins[cell], packed[cell] >>> 1);
      }
    }
    return Row.read(new ByteSource(image.array(), 0, image.size()), packed.length);
  }

  /// Appends the cell's text; or gives the marker of one that has none.
  private static int cell(JsonCursor in, ValueKind kind, boolean hashed, ByteSink texts) {
    switch (in.peek()) {
      case 'n' -> {
        in.skipValue();
        return Row.NULL;
      }
      case '{' -> {
        if (in.peekWrapper()) {
          return wrapped(in, texts);
        }
      }
      case '"' -> {
        if (kind != ValueKind.JSONB || hashed) {
          texts.put(in.string());
          return 0;
        }
      }
      case 't', 'f' -> {
        if (kind == ValueKind.BOOL) {
          texts.put(in.peek() == 't' ? TRUE_CELL : FALSE_CELL);
          in.skipValue();
          return 0;
        }
      }
      default -> {
        if (kind.numeric()) {
          texts.put(in.value());
          return 0;
        }
      }
    }
    if (kind != ValueKind.JSONB) {
      throw in.corrupt("a value that is none of its column's kind");
    }
    texts.put(in.value());
    return 0;
  }

  private static int wrapped(JsonCursor in, ByteSink texts) {
    byte[] raw = null;
    var encoded = false;
    var marker = 0;
    for (var more = in.begin('{', '}'); more; more = in.more('}')) {
      switch (in.name()) {
        case "$redacted" -> {
          in.skipValue();
          marker = Row.REDACTED;
        }
        case "$omitted" -> {
          in.skipValue();
          marker = Row.OMITTED;
        }
        case "$raw" -> raw = in.string();
        case "$encoding" -> {
          in.skipValue();
          encoded = true;
        }
        default -> throw in.corrupt("a wrapping that is none of a payload's");
      }
    }
    if (raw != null) {
      texts.put(encoded ? decoded(raw) : raw);
    }
    return marker;
  }

  private static byte[] decoded(byte[] base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new CorruptBlockException("a payload's base64 cannot be decoded", e);
    }
  }

  private Columns columns(TableSchema schema) {
    var found = remembered.get(schema);
    if (found == null) {
      if (remembered.size() >= SCHEMAS_REMEMBERED_MAX) {
        remembered.clear();
      }
      var byName = new HashMap<String, Integer>();
      var keyPlaces = new int[schema.columns().size()];
      Arrays.fill(keyPlaces, -1);
      var key = 0;
      for (var i = 0; i < keyPlaces.length; i++) {
        byName.put(schema.columns().get(i).name(), i);
        if (schema.columns().get(i).key()) {
          keyPlaces[i] = key++;
        }
      }
      found = new Columns(byName, keyPlaces);
      remembered.put(schema, found);
    }
    return found;
  }
}
