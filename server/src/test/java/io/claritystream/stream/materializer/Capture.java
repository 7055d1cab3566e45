package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.BlockReader;
import io.claritystream.protocol.block.BlockWriter;
import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.Row;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.protocol.link.BatchHeader;
import io.claritystream.protocol.link.Codec;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes events as an agent would: written to a block, read back from it.
public final class Capture {
  public static final Instant COMMITTED = Instant.parse("2026-11-20T12:00:00Z");

  private final BlockWriter writer = new BlockWriter(1 << 16);
  private final List<ChangeEvent> events = new ArrayList<>();
  private final BlockReader reader = new BlockReader();
  private long seq = 1;
  private long position = 100;

  /// A table. A column is `name type`, then any of `key`, `required`, `-> table(column)` and `--
  /// comment`.
  public static TableSchema table(String qualified, String... columns) {
    var parts =
        qualified.contains(".") ? qualified.split("\\.", 2) : new String[] {"public", qualified};
    var parsed = new ArrayList<Column>();
    var foreignKeys = new ArrayList<ForeignKey>();
    for (var text : columns) {
      var comment = text.contains("-- ") ? text.substring(text.indexOf("-- ") + 3) : "";
      var rest = text.contains("-- ") ? text.substring(0, text.indexOf("-- ")) : text;
      if (rest.contains("->")) {
        var target = rest.substring(rest.indexOf("->") + 2).strip();
        var table = target.substring(0, target.indexOf('('));
        var column = target.substring(target.indexOf('(') + 1, target.indexOf(')'));
        var dot = table.indexOf('.');
        foreignKeys.add(
            new ForeignKey(
                List.of(rest.strip().split("\\s+")[0]),
                dot < 0 ? "public" : table.substring(0, dot),
                table.substring(dot + 1),
                List.of(column)));
        rest = rest.substring(0, rest.indexOf("->"));
      }
      var words = Arrays.asList(rest.strip().split("\\s+"));
      parsed.add(
          new Column(
              words.get(0),
              words.get(1),
              0,
              kind(words.get(1)),
              words.contains("key"),
              words.contains("key") || words.contains("required"),
              comment));
    }
    return new TableSchema(parts[0], parts[1], 'd', "", parsed, foreignKeys);
  }

  private static ValueKind kind(String type) {
    var plain = type.replaceAll("\\(.*", "");
    return switch (plain) {
      case "bool", "boolean" -> ValueKind.BOOL;
      case "int2", "int4", "int8", "int", "bigint", "smallint", "serial" -> ValueKind.INT;
      case "numeric" -> ValueKind.NUMERIC;
      case "float4", "float8", "real", "double" -> ValueKind.FLOAT;
      case "text", "varchar", "char" -> ValueKind.TEXT;
      case "date" -> ValueKind.DATE;
      case "time" -> ValueKind.TIME;
      case "timestamp" -> ValueKind.TIMESTAMP;
      case "timestamptz" -> ValueKind.TIMESTAMPTZ;
      case "json" -> ValueKind.JSON;
      case "jsonb" -> ValueKind.JSONB;
      case "uuid" -> ValueKind.UUID;
      case "bytea" -> ValueKind.BINARY;
      default -> plain.endsWith("[]") ? ValueKind.ARRAY : ValueKind.OTHER;
    };
  }

  public Capture insert(TableSchema table, @Nullable Object... cells) {
    return event(Op.INSERT, table, COMMITTED, cells);
  }

  public Capture insertAt(Instant committed, TableSchema table, @Nullable Object... cells) {
    return event(Op.INSERT, table, committed, cells);
  }

  public Capture insertAt(Op op, Instant at, TableSchema table, @Nullable Object[] cells) {
    return event(op, table, at, null, null, cells);
  }

  /// The number that the next event gets.
  public long nextSeq() {
    return seq;
  }

  /// A table whose source tells of its rows' former state what `identity` says.
  public static TableSchema table(char identity, String qualified, String... columns) {
    var plain = table(qualified, columns);
    return new TableSchema(
        plain.namespace(),
        plain.name(),
        identity,
        plain.comment(),
        plain.columns(),
        plain.foreignKeys());
  }

  public Capture event(Op op, TableSchema table, Instant committed, @Nullable Object... cells) {
    var delete = op == Op.DELETE;
    return event(
        op,
        table,
        committed,
        null,
        delete ? cells : null,
        delete || op == Op.TRUNCATE ? null : cells);
  }

  public Capture update(TableSchema table, @Nullable Object... cells) {
    return event(Op.UPDATE, table, COMMITTED, cells);
  }

  public Capture delete(TableSchema table, @Nullable Object... key) {
    return event(Op.DELETE, table, COMMITTED, key, null, null);
  }

  /// An agent clears a table and reads its rows beside the stream.
  public Capture readAgain(TableSchema table, @Nullable Object[]... rows) {
    position = 0;
    event(Op.TRUNCATE, table, COMMITTED);
    position = 100;
    for (var row : rows) {
      event(Op.READ, table, COMMITTED, row);
    }
    return this;
  }

  /// An event with the parts that it has.
  public Capture event(
      Op op,
      TableSchema table,
      Instant committed,
      @Nullable Object @Nullable [] oldKey,
      @Nullable Object @Nullable [] before,
      @Nullable Object @Nullable [] after) {
    var us = committed.getEpochSecond() * 1_000_000 + committed.getNano() / 1_000;
    writer.reset();
    writer.transaction(1, 100, us, 0);
    writer.beginEvent(op, table, position, us);
    if (oldKey != null) {
      writer.oldKey();
      cells(oldKey);
    }
    if (before != null) {
      writer.before();
      cells(before);
    }
    if (after != null) {
      writer.after();
      cells(after);
    }
    writer.endEvent();
    var bytes = Arrays.copyOf(writer.array(), writer.size());
    var header =
        BatchHeader.newBuilder()
            .setFirstSeq(seq)
            .setCount(1)
            .setCells(writer.cells())
            .setCodec(Codec.PLAIN_BLOCK_V1)
            .setFirstCapturedAtUs(us)
            .setLastCapturedAtUs(us)
            .setUncompressedBytes(bytes.length)
            .build();
    events.addAll(reader.read(header, bytes).events());
    seq++;
    return this;
  }

  private void cells(@Nullable Object[] cells) {
    for (var cell : cells) {
      if (cell == null) {
        writer.marker(Row.NULL);
      } else if (cell instanceof Unchanged) {
        writer.marker(Row.UNCHANGED);
      } else {
        var bytes = cell.toString().getBytes(StandardCharsets.UTF_8);
        writer.value(bytes, 0, bytes.length);
      }
    }
  }

  /// A cell that the change did not touch.
  record Unchanged() {}

  /// The events since the last call.
  public List<ChangeEvent> take() {
    var taken = List.copyOf(events);
    events.clear();
    return taken;
  }
}
