package io.claritystream.stream.materializer;

import io.claritystream.stream.materializer.Mapping.Reference;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The source's other tables as they are mapped so far. Tables come in any order, so readings may
/// have named a device's kind before its own table was seen, and the two must agree.
final class KnownTables {
  /// Words that mean whatever table of sites or devices there is.
  private static final Set<String> ANY_SITE = Set.of("site", "location", "facility", "plant");

  private static final Set<String> ANY_DEVICE = Set.of("device", "asset", "machine", "equipment");

  private final Map<String, Mapping> mappings;

  /// @param mappings by `namespace.name`
  KnownTables(Map<String, Mapping> mappings) {
    this.mappings = mappings;
  }

  @Nullable Mapping mapping(String table) {
    return mappings.get(table);
  }

  /// Whether readings lead to the table by a declared reference.
  boolean readingsReferTo(String table) {
    return mappings.values().stream()
        .filter(mapping -> mapping.entity() == Entity.METRIC)
        .map(Mapping::parent)
        .anyMatch(parent -> parent != null && table.equals(parent.table()));
  }

  /// What tables that refer to this one call it.
  @Nullable String kindByReference(Entity entity, String table) {
    for (var mapping : mappings.values()) {
      var reference = referenceTo(entity, mapping);
      if (reference != null && table.equals(reference.table())) {
        return reference.kind();
      }
    }
    return null;
  }

  /// Whether a table other than this one has the kind.
  boolean isTaken(Entity entity, String kind, String table) {
    return mappings.entrySet().stream()
        .anyMatch(
            other ->
                other.getValue().entity() == entity
                    && other.getValue().kind().equals(kind)
                    && !other.getKey().equals(table));
  }

  boolean isReferredTo(Entity entity, String kind) {
    return mappings.values().stream()
        .map(mapping -> referenceTo(entity, mapping))
        .anyMatch(reference -> reference != null && reference.kind().equals(kind));
  }

  /// The one general word (`device_id`, `asset_id`, `site_id`) by which others refer to a table
  /// that has not been seen.
  @Nullable String orphanKind(Entity entity) {
    var orphans = new HashSet<String>();
    for (var mapping : mappings.values()) {
      var reference = referenceTo(entity, mapping);
      if (reference != null
          && reference.table() == null
          && meansAny(entity).contains(reference.kind())) {
        orphans.add(reference.kind());
      }
    }
    for (var mapping : mappings.values()) {
      if (mapping.entity() == entity) {
        orphans.remove(mapping.kind());
      }
    }
    return orphans.size() == 1 ? orphans.iterator().next() : null;
  }

  /// The table that a noun means: the one of that kind, else the only one there is.
  ///
  /// @param self the table that uses the noun: it doesn't mean itself
  @Nullable String tableOf(Entity entity, String noun, String self) {
    String only = null;
    var count = 0;
    for (var other : mappings.entrySet()) {
      if (other.getValue().entity() == entity && !other.getKey().equals(self)) {
        if (other.getValue().kind().equals(noun)) {
          return other.getKey();
        }
        only = other.getKey();
        count++;
      }
    }
    return count == 1 && meansAny(entity).contains(noun) ? only : null;
  }

  private static Set<String> meansAny(Entity entity) {
    return entity == Entity.SITE ? ANY_SITE : ANY_DEVICE;
  }

  private static @Nullable Reference referenceTo(Entity entity, Mapping mapping) {
    if (entity == Entity.SITE) {
      return mapping.entity() == Entity.DEVICE ? mapping.parent() : mapping.site();
    }
    return mapping.entity() == Entity.METRIC || mapping.entity() == Entity.SESSION
        ? mapping.parent()
        : null;
  }
}
