package io.claritystream.agent.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// In which order a snapshot reads its tables: what others refer to before those, and small before
/// large. So sites and devices have their names before the first of their readings comes.
final class SnapshotOrder {
  private static final String SIZES =
      """
      SELECT n.nspname, c.relname,
             coalesce((SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree(c.oid) p),
                      pg_relation_size(c.oid))
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      """;

  private static final String REFERENCES =
      """
      SELECT DISTINCT fn.nspname, f.relname, tn.nspname, t.relname
      FROM pg_constraint k
      JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
      JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
      WHERE k.contype = 'f' AND k.conrelid <> k.confrelid
      """;

  private SnapshotOrder() {}

  static List<Catalog.Candidate> of(Connection connection, List<Catalog.Candidate> tables)
      throws SQLException {
    var sizes = new HashMap<TableName, Long>();
    var refersTo = new HashMap<TableName, Set<TableName>>();
    try (var statement = connection.createStatement()) {
      try (var rows = statement.executeQuery(SIZES)) {
        while (rows.next()) {
          sizes.put(new TableName(rows.getString(1), rows.getString(2)), rows.getLong(3));
        }
      }
      try (var rows = statement.executeQuery(REFERENCES)) {
        while (rows.next()) {
          refersTo
              .computeIfAbsent(
                  new TableName(rows.getString(1), rows.getString(2)), _ -> new HashSet<>())
              .add(new TableName(rows.getString(3), rows.getString(4)));
        }
      }
    }
    return ordered(tables, sizes, refersTo);
  }

  private static List<Catalog.Candidate> ordered(
      List<Catalog.Candidate> tables,
      Map<TableName, Long> sizes,
      Map<TableName, Set<TableName>> refersTo) {
    var bySize =
        Comparator.comparingLong(
                (Catalog.Candidate table) -> sizes.getOrDefault(table.table(), Long.MAX_VALUE))
            .thenComparing(Catalog.Candidate::table);
    var left = new TreeSet<>(bySize);
    left.addAll(tables);
    var byName = new HashMap<TableName, Catalog.Candidate>();
    left.forEach(table -> byName.put(table.table(), table));
    var referredToBy = new HashMap<TableName, List<Catalog.Candidate>>();
    var waitsFor = new HashMap<TableName, Integer>();
    for (var table : left) {
      var wanted = new HashSet<>(refersTo.getOrDefault(table.table(), Set.of()));
      wanted.retainAll(byName.keySet());
      waitsFor.put(table.table(), wanted.size());
      wanted.forEach(
          other -> referredToBy.computeIfAbsent(other, _ -> new ArrayList<>()).add(table));
    }
    var ready = new TreeSet<>(bySize);
    left.stream().filter(table -> waitsFor.get(table.table()) == 0).forEach(ready::add);
    var ordered = new ArrayList<Catalog.Candidate>(tables.size());
    while (!left.isEmpty()) {
      // What refers to each other in a circle is never ready: the smallest of it goes first.
      var next = ready.isEmpty() ? left.first() : ready.first();
      ready.remove(next);
      left.remove(next);
      ordered.add(next);
      for (var table : referredToBy.getOrDefault(next.table(), List.of())) {
        if (waitsFor.merge(table.table(), -1, Integer::sum) == 0 && left.contains(table)) {
          ready.add(table);
        }
      }
    }
    return ordered;
  }
}
