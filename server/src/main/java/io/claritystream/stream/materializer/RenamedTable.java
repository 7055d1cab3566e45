package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.SourceTables.Known;
import io.claritystream.stream.materializer.SourceTables.Version;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Recognizes a table of devices or sites under a new name. An agent tells a rename as two things:
/// the old name is captured no more, and a table is read that nobody knows. But rows of other
/// tables, which are not read again for it, go on referring to what the old name stood for; a guess
/// from the new name would take their names and places away.
final class RenamedTable {
  private RenamedTable() {}

  /// The tables that it may have been, with the versions that told their names alone: captured no
  /// more, of devices or sites, and referred to. None of a thing that a captured table is: that one
  /// was renamed or took its place before, and this is another.
  static Map<String, Known> candidates(TableSchema schema, Map<String, TableInForce> tables) {
    var candidates = new HashMap<String, Known>();
    if (schema.columns().isEmpty()) {
      return candidates;
    }
    var captured = new HashSet<List<String>>();
    var mappings = new HashMap<String, Mapping>();
    tables.forEach(
        (name, table) -> {
          mappings.put(name, table.newest().mapping());
          if (!table.isCapturedNoMore()) {
            captured.add(thing(table.inForce().mapping()));
          }
        });
    var others = new KnownTables(mappings);
    tables.forEach(
        (name, table) -> {
          var mapping = table.newest().mapping();
          var entity = mapping.entity();
          if (table.isCapturedNoMore()
              && table.newest().version() > 1
              && (entity == Entity.DEVICE || entity == Entity.SITE)
              && !captured.contains(thing(mapping))
              && others.isReferredTo(entity, mapping.kind())) {
            candidates.put(name, table.inForce());
          }
        });
    return candidates;
  }

  private static List<String> thing(Mapping mapping) {
    return List.of(mapping.entity().name(), mapping.kind());
  }

  /// The mapping of the one that had these very columns; null if none had, or several that were
  /// different things.
  ///
  /// @param before what the candidates were while they were captured
  static @Nullable Mapping mapping(
      TableSchema schema, Set<String> candidates, Map<String, Version> before) {
    Mapping found = null;
    var name = "";
    var things = new HashSet<List<String>>();
    for (var candidate : candidates) {
      var version = before.get(candidate);
      if (version != null && version.schema().columns().equals(schema.columns())) {
        found = version.mapping();
        name = candidate;
        things.add(thing(found));
      }
    }
    return found == null || things.size() > 1
        ? null
        : MappingExtension.renamed(found, new TableFacts(schema), name);
  }
}
