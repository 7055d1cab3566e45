package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.materializer.SourceTables.Known;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Recognizes a table of devices or sites under a new name. An agent tells a rename as two things:
/// the old name is captured no more, and a table is read that nobody knows. But rows of other
/// tables, which are not read again for it, go on referring to what the old name stood for; a guess
/// from the new name would take their names and places away.
final class RenamedTable {
  private RenamedTable() {}

  /// The tables that it may have been: captured no more, of devices or sites, and referred to.
  static Map<String, Known> candidates(TableSchema schema, Map<String, Known> tables) {
    var candidates = new HashMap<String, Known>();
    if (schema.columns().isEmpty()) {
      return candidates;
    }
    var mappings =
        tables.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, table -> table.getValue().mapping()));
    var others = new KnownTables(mappings);
    tables.forEach(
        (name, known) -> {
          var entity = known.mapping().entity();
          if (known.nameAlone()
              && known.version() > 1
              && (entity == Entity.DEVICE || entity == Entity.SITE)
              && others.isReferredTo(entity, known.mapping().kind())) {
            candidates.put(name, known);
          }
        });
    return candidates;
  }

  /// The mapping of the one that had these very columns; null if none had, or several that were
  /// different things.
  ///
  /// @param schemas what the candidates were while they were captured
  static @Nullable Mapping mapping(
      TableSchema schema, Map<String, Known> candidates, Map<String, TableSchema> schemas) {
    Mapping found = null;
    var name = "";
    var things = new HashSet<List<String>>();
    for (var candidate : candidates.entrySet()) {
      var before = schemas.get(candidate.getKey());
      if (before != null && before.columns().equals(schema.columns())) {
        found = candidate.getValue().mapping();
        name = candidate.getKey();
        things.add(List.of(found.entity().name(), found.kind()));
      }
    }
    return found == null || things.size() > 1
        ? null
        : MappingExtension.renamed(found, new TableFacts(schema), name);
  }
}
