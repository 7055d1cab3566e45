package io.claritystream.protocol.block;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/// A table as it was when the events that use it were captured. Two schemas are the same if their
/// fingerprints are: it covers all that is here.
///
/// @param namespace the source's schema, or empty where it has none
/// @param replicaIdentity what the source writes of a row's old state: `d` its key, `f` all of it,
///     `i` an index, `n` nothing
/// @param comment the source's comment on it, or empty
public record TableSchema(
    String namespace,
    String name,
    char replicaIdentity,
    String comment,
    List<Column> columns,
    List<ForeignKey> foreignKeys) {
  /// More columns than any supported source allows (PostgreSQL: 1,600, MySQL: 4,096).
  public static final int COLUMNS_MAX = 5_000;

  /// Longer than any supported source allows (PostgreSQL: 63, MySQL: 256), and short enough for
  /// two of them to be a key in an index.
  public static final int NAME_BYTES_MAX = 500;

  public static final int COMMENT_BYTES_MAX = 16_000;

  /// One schema, encoded.
  static final int BYTES_MAX = 1024 * 1024;

  private static final int FOREIGN_KEYS_MAX = 1_000;
  private static final int KEY = 1;
  private static final int REQUIRED = 2;

  public TableSchema {
    columns = List.copyOf(columns);
    foreignKeys = List.copyOf(foreignKeys);
  }

  /// `namespace.name`, or the name alone where there is no namespace. A part that holds a dot or a
  /// quote stands in quotes, as in SQL, so that no two tables of a source have the same.
  public String qualifiedName() {
    return qualified(namespace, name);
  }

  /// What [#qualifiedName] says of a table of these names.
  public static String qualified(String namespace, String name) {
    return namespace.isEmpty() ? part(name) : part(namespace) + "." + part(name);
  }

  private static String part(String name) {
    return name.indexOf('.') < 0 && name.indexOf('"') < 0
        ? name
        : '"' + name.replace("\"", "\"\"") + '"';
  }

  /// Of the names of all columns.
  long nameBytes() {
    var bytes = 0L;
    for (var column : columns) {
      bytes += column.name().getBytes(StandardCharsets.UTF_8).length;
    }
    return bytes;
  }

  public int keyColumns() {
    var count = 0;
    for (var column : columns) {
      if (column.key()) {
        count++;
      }
    }
    return count;
  }

  /// The canonical bytes, as a block carries them.
  public byte[] encode() {
    var out = new ByteSink(256);
    out.string(namespace).string(name).varint(replicaIdentity).string(comment);
    out.varint(columns.size());
    for (var column : columns) {
      out.string(column.name()).string(column.typeName()).varint(column.typeId());
      out.varint(column.kind().ordinal());
      out.varint((column.key() ? KEY : 0) | (column.required() ? REQUIRED : 0));
      out.string(column.comment());
    }
    out.varint(foreignKeys.size());
    for (var key : foreignKeys) {
      strings(out, key.columns());
      out.string(key.targetNamespace()).string(key.targetTable());
      strings(out, key.targetColumns());
    }
    return out.toByteArray();
  }

  /// @throws CorruptBlockException if it is no schema, or one that exceeds its limits
  public static TableSchema decode(byte[] bytes) {
    return decode(new ByteSource(bytes, 0, bytes.length));
  }

  static TableSchema decode(ByteSource in) {
    var namespace = in.string(NAME_BYTES_MAX);
    var name = in.string(NAME_BYTES_MAX);
    var replicaIdentity = (char) in.varintWithin(Character.MAX_VALUE);
    var comment = in.string(COMMENT_BYTES_MAX);
    var columnCount = in.varintWithin(COLUMNS_MAX);
    var columns = new ArrayList<Column>(columnCount);
    for (var i = 0; i < columnCount; i++) {
      var columnName = in.string(NAME_BYTES_MAX);
      var typeName = in.string(NAME_BYTES_MAX);
      var typeId = in.varint();
      var kind = ValueKind.ofCode(in.varintWithin(Integer.MAX_VALUE));
      var flags = in.varintWithin(Integer.MAX_VALUE);
      var columnComment = in.string(COMMENT_BYTES_MAX);
      columns.add(
          new Column(
              columnName,
              typeName,
              typeId,
              kind,
              (flags & KEY) != 0,
              (flags & REQUIRED) != 0,
              columnComment));
    }
    var keyCount = in.varintWithin(FOREIGN_KEYS_MAX);
    var foreignKeys = new ArrayList<ForeignKey>(keyCount);
    for (var i = 0; i < keyCount; i++) {
      foreignKeys.add(
          new ForeignKey(
              strings(in), in.string(NAME_BYTES_MAX), in.string(NAME_BYTES_MAX), strings(in)));
    }
    return new TableSchema(namespace, name, replicaIdentity, comment, columns, foreignKeys);
  }

  /// The first 8 bytes of SHA-256 over the canonical bytes, as a big-endian number.
  public static long fingerprint(byte[] encoded) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest(encoded);
      var value = 0L;
      for (var i = 0; i < Long.BYTES; i++) {
        value = value << 8 | digest[i] & 0xff;
      }
      return value;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void strings(ByteSink out, List<String> values) {
    out.varint(values.size());
    values.forEach(out::string);
  }

  private static List<String> strings(ByteSource in) {
    var count = in.varintWithin(COLUMNS_MAX);
    var values = new ArrayList<String>(count);
    for (var i = 0; i < count; i++) {
      values.add(in.string(NAME_BYTES_MAX));
    }
    return values;
  }
}
