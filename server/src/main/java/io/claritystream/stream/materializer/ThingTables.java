package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.TableFacts.quoted;

import io.claritystream.stream.materializer.Mapping.Reference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Recognizes tables whose rows are things: devices, or the sites they stand at. Their name must
/// say so and their rows must have a key; or readings of other tables refer to them.
final class ThingTables {
  private final TableFacts table;
  private final KnownTables known;

  ThingTables(TableFacts table, KnownTables known) {
    this.table = table;
    this.known = known;
  }

  /// @param site where the table says its rows are
  /// @return null if the rows are no devices
  @Nullable Mapping devices(@Nullable Reference site) {
    var reasons = new ArrayList<String>();
    if (isNamed(Words.DEVICES, Words.DEVICES_WEAK, site != null)) {
      reasons.add("\"%s\" names a kind of device, and each row has a key.".formatted(table.name()));
    } else if (!table.id().isEmpty() && known.readingsReferTo(table.qualifiedName())) {
      reasons.add("Readings refer to it, so its rows are what they are of.");
    } else {
      return null;
    }
    if (site != null) {
      reasons.add("%s says at which site it is.".formatted(quoted(site.columns())));
    }
    return things(Entity.DEVICE, site, reasons);
  }

  /// @return null if the rows are no sites
  @Nullable Mapping sites() {
    if (!isNamed(Words.SITES, Words.SITES_WEAK, false)) {
      return null;
    }
    var reason = "\"%s\" names a kind of place, and each row has a key.".formatted(table.name());
    return things(Entity.SITE, null, List.of(reason));
  }

  private boolean isNamed(Set<String> nouns, Set<String> weakNouns, boolean supported) {
    var head = table.head();
    var named =
        nouns.contains(head) || weakNouns.contains(head) && supported && table.nameColumn() != null;
    return named && !table.hasWordOf(Words.BUSINESS) && !table.id().isEmpty() && !joinsOthers();
  }

  /// Whether the key consists of references: then the rows connect things and are none
  /// themselves.
  private boolean joinsOthers() {
    return table.key().size() > 1 && table.key().stream().allMatch(table::refers);
  }

  private Mapping things(Entity entity, @Nullable Reference parent, List<String> reasons) {
    var id = table.id();
    var name = table.nameColumn();
    var taken = new HashSet<>(id);
    if (parent != null) {
      taken.addAll(parent.columns());
    }
    if (name != null) {
      taken.add(name);
    }
    var why = new ArrayList<>(reasons);
    if (table.key().isEmpty()) {
      why.add("It has no declared key; %s reads like one.".formatted(quoted(id)));
    }
    return new MappingDraft(entity, kind(entity, why))
        .id(id)
        .parent(parent)
        .name(name)
        .extras(table.columnsBut(taken))
        .because(why)
        .done();
  }

  /// The kind by which others refer to this table: what readings or devices seen earlier call it,
  /// else its noun; with the namespace where another table has the noun already.
  private String kind(Entity entity, List<String> reasons) {
    var self = table.qualifiedName();
    var head = table.head();
    var called = known.kindByReference(entity, self);
    if (called != null) {
      return called;
    }
    if (known.isTaken(entity, head, self)) {
      return self;
    }
    if (!known.isReferredTo(entity, head)) {
      var orphan = known.orphanKind(entity);
      if (orphan != null) {
        reasons.add("Rows that came earlier call it \"%s\".".formatted(orphan));
        return orphan;
      }
    }
    return head.isEmpty() ? entity.label() : head;
  }
}
