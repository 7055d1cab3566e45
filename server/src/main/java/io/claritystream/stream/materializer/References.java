package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ForeignKey;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Finds the columns of a table that lead to a device, or to a site. A declared reference counts
/// most, above all to a table that is already mapped as one; then come columns whose name is a
/// noun with an ending (`pump_id`, `meter_serial`), then the noun alone (`machine text`).
final class References {
  private final TableFacts table;
  private final KnownTables known;
  private final Entity entity;
  private final Set<String> nouns;
  private final Set<String> weakNouns;
  private @Nullable Reference best;
  private int bestRank;

  private References(
      TableFacts table,
      KnownTables known,
      Entity entity,
      Set<String> nouns,
      Set<String> weakNouns) {
    this.table = table;
    this.known = known;
    this.entity = entity;
    this.nouns = nouns;
    this.weakNouns = weakNouns;
  }

  static @Nullable Reference toDevice(TableFacts table, KnownTables known) {
    return new References(table, known, Entity.DEVICE, Words.DEVICES, Words.DEVICES_WEAK).best();
  }

  static @Nullable Reference toSite(TableFacts table, KnownTables known) {
    return new References(table, known, Entity.SITE, Words.SITES, Words.SITES_WEAK).best();
  }

  private @Nullable Reference best() {
    for (var foreignKey : table.foreignKeys()) {
      weighDeclared(foreignKey);
    }
    for (var column : table.columns()) {
      if (!table.refers(column.name())) {
        weighNamed(column);
      }
    }
    return best;
  }

  private void weigh(Reference reference, int rank) {
    if (best == null || rank > bestRank) {
      best = reference;
      bestRank = rank;
    }
  }

  // Declared references

  private void weighDeclared(ForeignKey foreignKey) {
    var target = TableFacts.target(foreignKey);
    if (target.equals(table.qualifiedName())) {
      return;
    }
    var words = Words.ofTable(foreignKey.targetTable());
    var noun = words.isEmpty() ? "" : words.getLast();
    var mapped = known.mapping(target);
    var rank = mapped == null ? rank(noun) : mapped.entity() == entity ? 100 : 0;
    if (rank == 0) {
      return;
    }
    var inKey = foreignKey.columns().stream().allMatch(name -> table.column(name).key());
    var kind = mapped != null ? mapped.kind() : kindOf(target, noun);
    weigh(new Reference(foreignKey.columns(), kind, target), rank + (inKey ? 5 : 0));
  }

  /// How likely a table is meant that has not been seen, by its noun.
  private int rank(String noun) {
    if (nouns.contains(noun)) {
      return 90;
    }
    return weakNouns.contains(noun) ? 60 : isSoleReferenceOfReadings() ? 50 : 0;
  }

  /// A table called readings whose one reference leads to a table of an unknown noun: that is
  /// what the readings are of.
  private boolean isSoleReferenceOfReadings() {
    return entity == Entity.DEVICE
        && table.foreignKeys().size() == 1
        && table.hasWordOf(Words.READINGS);
  }

  private String kindOf(String target, String noun) {
    var called = known.kindByReference(entity, target);
    if (called != null) {
      return called;
    }
    return known.isTaken(entity, noun, target) ? target : noun;
  }

  // References by name

  private record Named(String noun, int rank) {}

  private void weighNamed(Column column) {
    var named = named(column);
    if (named == null) {
      return;
    }
    var target = known.tableOf(entity, named.noun(), table.qualifiedName());
    var mapped = target == null ? null : known.mapping(target);
    var kind = mapped == null ? named.noun() : mapped.kind();
    var rank = named.rank() + (column.key() ? 10 : 0) + (target != null ? 10 : 0);
    weigh(new Reference(List.of(column.name()), kind, target), rank);
  }

  private @Nullable Named named(Column column) {
    if (column.kind() == ValueKind.FLOAT
        || column.kind() == ValueKind.NUMERIC && !column.key()
        || column.kind() == ValueKind.BOOL
        || TimeColumns.isTime(column)
        || isOwnKey(column)) {
      return null;
    }
    var parts = new ArrayList<>(Words.of(column.name()));
    if (parts.isEmpty()) {
      return null;
    }
    var ending = takeEnding(parts);
    if (parts.getFirst().equals("parent")) {
      return null;
    }
    var noun = Words.singular(parts.getLast());
    var weak = weakNouns.contains(noun) && !nouns.contains(noun);
    if (!nouns.contains(noun) && !weak) {
      return prefixOfTable(parts, ending);
    }
    if (ending.isEmpty() && column.kind() == ValueKind.INT && !column.key()) {
      return null;
    }
    if (ending.isEmpty() && noun.equals("filler")) {
      // A column that only makes rows wide, as those of pgbench.
      return null;
    }
    var rank =
        switch (ending) {
          case "id", "uuid", "guid", "key", "fk", "ref" -> 40;
          case "" -> 30;
          case "name" -> 15;
          default -> 35;
        };
    // A sensor or gateway is part of something else, if something else is named as well.
    var part = noun.equals("sensor") || noun.equals("gateway") || noun.equals("controller");
    return new Named(noun, rank - (weak ? 12 : 0) - (part ? 6 : 0));
  }

  /// Takes `id`, `serial`, … off a column's words; empty if they end in nothing of the kind.
  private String takeEnding(List<String> parts) {
    var last = parts.getLast();
    if (parts.size() > 1 && Words.REFERENCE_ENDINGS.contains(last)) {
      return parts.removeLast();
    }
    if (last.length() > 4 && last.endsWith("id")) {
      // "deviceid"
      var stem = last.substring(0, last.length() - 2);
      if (nouns.contains(stem)) {
        parts.set(parts.size() - 1, stem);
        return "id";
      }
    }
    return "";
  }

  /// `kettle_readings.kettle_id`: an unknown noun that the table's name begins with.
  private @Nullable Named prefixOfTable(List<String> parts, String ending) {
    var words = table.words();
    var prefix = words.size() > 1 ? words.subList(0, words.size() - 1) : List.<String>of();
    return entity == Entity.DEVICE
            && table.hasWordOf(Words.READINGS)
            && !ending.isEmpty()
            && !ending.equals("name")
            && prefix.equals(parts)
            && !Words.SITES.contains(parts.getLast())
        ? new Named(parts.getLast(), 25)
        : null;
  }

  /// A key of this very table: `pump_id` of `pumps`. A table of newest values, though, has a
  /// device as its whole key.
  private boolean isOwnKey(Column column) {
    return table.key().equals(List.of(column.name()))
        && !table.hasWordOf(Words.READINGS)
        && !table.hasWordOf(Words.READINGS_WEAK);
  }
}
