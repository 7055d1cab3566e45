package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a schema says of its table before anything is guessed: the words of its name, its key,
/// its references, and the columns that people know rows by.
final class TableFacts {
  private static final List<String> NAMES =
      List.of(
          "name", "displayname", "label", "title", "bezeichnung", "nom", "nombre", "description");
  private static final List<String> CODES_AS_NAMES =
      List.of("tag", "code", "serial", "serialnumber");

  private final TableSchema schema;
  private final List<String> words;
  private final List<String> columnNames;
  private final List<String> key;

  TableFacts(TableSchema schema) {
    this.schema = schema;
    words = Words.ofTable(schema.name());
    columnNames = schema.columns().stream().map(Column::name).toList();
    key = schema.columns().stream().filter(Column::key).map(Column::name).toList();
  }

  String name() {
    return schema.name();
  }

  String qualifiedName() {
    return schema.qualifiedName();
  }

  /// The words of its name, in the singular.
  List<String> words() {
    return words;
  }

  /// The noun of its name: a `pump_reading` is a reading.
  String head() {
    return words.isEmpty() ? "" : words.getLast();
  }

  boolean hasWordOf(Set<String> some) {
    return words.stream().anyMatch(some::contains);
  }

  List<Column> columns() {
    return schema.columns();
  }

  List<String> columnNames() {
    return columnNames;
  }

  Column column(String name) {
    for (var column : schema.columns()) {
      if (column.name().equals(name)) {
        return column;
      }
    }
    throw new IllegalStateException(schema.qualifiedName() + " has no column " + name);
  }

  /// The columns that its source tells rows apart by.
  List<String> key() {
    return key;
  }

  /// The declared key, else the one column that reads like one; empty if there is none.
  List<String> id() {
    if (!key.isEmpty()) {
      return key;
    }
    var keys = Set.of("id", head() + "id", "serial", "serialnumber", "code", head() + "code");
    return columnNames.stream().filter(name -> keys.contains(compact(name))).limit(1).toList();
  }

  /// The column that people know the row by.
  @Nullable String nameColumn() {
    var names = new ArrayList<>(NAMES);
    names.add(1, head() + "name");
    names.addAll(CODES_AS_NAMES);
    names.addAll(List.of(head() + "code", "assettag"));
    for (var wanted : names) {
      for (var column : schema.columns()) {
        if (compact(column.name()).equals(wanted)
            && !column.kind().numeric()
            && column.kind() != ValueKind.BOOL
            && !TimeColumns.isTime(column)) {
          return column.name();
        }
      }
    }
    return null;
  }

  List<ForeignKey> foreignKeys() {
    return schema.foreignKeys();
  }

  /// Whether a column is part of a declared reference.
  boolean refers(String column) {
    return schema.foreignKeys().stream().anyMatch(each -> each.columns().contains(column));
  }

  /// The columns for which nothing else is planned, in their order.
  List<String> columnsBut(Collection<String> taken) {
    return columnNames.stream().filter(name -> !taken.contains(name)).toList();
  }

  /// The table that a declared reference leads to, as [#qualifiedName] has it.
  static String target(ForeignKey reference) {
    return TableSchema.qualified(reference.targetNamespace(), reference.targetTable());
  }

  /// A name without case and separators: `Reading_Time` and `readingTime` are the same.
  static String compact(String name) {
    return name.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
  }

  static String quoted(Collection<String> names) {
    return "\"" + String.join("\", \"", names) + "\"";
  }
}
