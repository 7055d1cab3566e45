package io.claritystream.stream.materializer;

import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.Session;
import io.claritystream.stream.materializer.Mapping.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Carries a mapping over to another version of its table: what was decided stands, since people
/// may have corrected it, and only the columns that came need a place.
final class MappingExtension {
  private MappingExtension() {}

  /// @param previous whose key, references and time the table still has
  /// @param known the mappings of the source's other tables
  static Mapping of(Mapping previous, TableFacts table, KnownTables known) {
    return of(
        previous,
        table,
        retargeted(
            previous.parent(),
            previous.entity() == Entity.DEVICE ? Entity.SITE : Entity.DEVICE,
            table,
            known),
        retargeted(previous.site(), Entity.SITE, table, known),
        previous.version() + 1,
        previous.reasons());
  }

  /// The mapping of a table that had another name before.
  static Mapping renamed(Mapping previous, TableFacts table, String before) {
    var reasons = new ArrayList<>(previous.reasons());
    reasons.add(
        "It has the columns of \"%s\", which is captured no more and which others refer to: it is that table, renamed."
            .formatted(before));
    return of(previous, table, previous.parent(), previous.site(), 1, reasons);
  }

  /// A reference leads where it is declared to lead now. A table that has not been seen yet is
  /// called by the kind that the rows which are there have, and takes it when it comes.
  private static @Nullable Reference retargeted(
      @Nullable Reference reference, Entity entity, TableFacts table, KnownTables known) {
    if (reference == null || reference.table() == null) {
      return reference;
    }
    var targets =
        table.foreignKeys().stream()
            .filter(foreignKey -> foreignKey.columns().equals(reference.columns()))
            .map(TableFacts::target)
            .distinct()
            .toList();
    if (targets.size() != 1 || targets.contains(reference.table())) {
      return reference;
    }
    var mapped = known.mapping(targets.getFirst());
    return mapped != null && mapped.entity() != entity
        ? reference
        : new Reference(
            reference.columns(),
            mapped == null ? reference.kind() : mapped.kind(),
            targets.getFirst());
  }

  private static Mapping of(
      Mapping previous,
      TableFacts table,
      @Nullable Reference parent,
      @Nullable Reference site,
      int version,
      List<String> reasons) {
    var names = table.columnNames();
    var values = new ArrayList<Value>(previous.values());
    values.removeIf(value -> !names.contains(value.column()));
    var extras = new ArrayList<>(previous.extras());
    extras.retainAll(names);
    var placed = placed(previous, table);
    for (var column : table.columns()) {
      if (placed.contains(column.name())) {
        continue;
      }
      if (previous.entity() == Entity.METRIC
          && !previous.tall()
          && Measures.isMeasure(table, column)) {
        values.add(Measures.value(table, column));
      } else {
        extras.add(column.name());
      }
    }
    return new Mapping(
        version,
        previous.origin(),
        previous.entity(),
        previous.kind(),
        previous.id(),
        parent,
        site,
        names.contains(previous.name()) ? previous.name() : table.nameColumn(),
        previous.time(),
        previous.timeUnit(),
        previous.metric(),
        previous.value(),
        names.contains(previous.unit()) ? previous.unit() : null,
        values,
        session(previous, names),
        extras,
        reasons);
  }

  /// A session goes on without state or reason, and what it cannot do without is still there.
  private static @Nullable Session session(Mapping previous, List<String> names) {
    var session = previous.session();
    return session == null
        ? null
        : new Session(
            session.start(),
            session.end(),
            names.contains(session.state()) ? session.state() : null,
            names.contains(session.reason()) ? session.reason() : null);
  }

  private static Set<String> placed(Mapping previous, TableFacts table) {
    var placed = new HashSet<String>(previous.id());
    placed.addAll(table.key());
    placed.addAll(previous.extras());
    for (var reference : Arrays.asList(previous.parent(), previous.site())) {
      if (reference != null) {
        placed.addAll(reference.columns());
      }
    }
    previous.values().forEach(value -> placed.add(value.column()));
    placed.addAll(
        Arrays.asList(
            previous.name(),
            previous.time(),
            previous.metric(),
            previous.value(),
            previous.unit()));
    return placed;
  }
}
