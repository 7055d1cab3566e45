package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.Session;
import io.claritystream.stream.materializer.Mapping.TimeUnit;
import io.claritystream.stream.materializer.Mapping.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A mapping in the making: what nobody says stays absent. Reasons read in the order in which
/// they are given.
final class MappingDraft {
  private final Entity entity;
  private final String kind;
  private final List<String> reasons = new ArrayList<>();
  private List<String> id = List.of();
  private @Nullable Reference parent;
  private @Nullable Reference site;
  private @Nullable String name;
  private @Nullable String time;
  private TimeUnit timeUnit = TimeUnit.TEXT;
  private @Nullable String metric;
  private @Nullable String value;
  private @Nullable String unit;
  private List<Value> values = List.of();
  private @Nullable Session session;
  private List<String> extras = List.of();

  MappingDraft(Entity entity, String kind) {
    this.entity = entity;
    this.kind = kind;
  }

  /// Of a table whose rows are entities of their own: all but its key becomes extras.
  static MappingDraft ofRows(TableFacts table, Entity entity, String why) {
    var draft =
        new MappingDraft(entity, table.qualifiedName())
            .id(table.key())
            .name(table.nameColumn())
            .extras(table.columnsBut(table.key()))
            .because(why);
    return table.key().isEmpty()
        ? draft.because("It has no key, so each captured row is an entity of its own.")
        : draft;
  }

  MappingDraft id(List<String> columns) {
    id = columns;
    return this;
  }

  MappingDraft parent(@Nullable Reference reference) {
    parent = reference;
    return this;
  }

  MappingDraft site(@Nullable Reference reference) {
    site = reference;
    return this;
  }

  MappingDraft name(@Nullable String column) {
    name = column;
    return this;
  }

  MappingDraft time(Column column) {
    time = column.name();
    timeUnit = TimeColumns.unit(column);
    return this;
  }

  MappingDraft tall(String metric, String value, @Nullable String unit) {
    this.metric = metric;
    this.value = value;
    this.unit = unit;
    return this;
  }

  MappingDraft wide(List<Value> values) {
    this.values = values;
    return this;
  }

  MappingDraft session(Session session, TimeUnit unit) {
    this.session = session;
    timeUnit = unit;
    return this;
  }

  MappingDraft extras(List<String> columns) {
    extras = columns;
    return this;
  }

  MappingDraft because(String reason) {
    reasons.add(reason);
    return this;
  }

  MappingDraft because(List<String> reasons) {
    this.reasons.addAll(reasons);
    return this;
  }

  Mapping done() {
    return new Mapping(
        1,
        Mapping.INFERRED,
        entity,
        kind,
        id,
        parent,
        site,
        name,
        time,
        timeUnit,
        metric,
        value,
        unit,
        values,
        session,
        extras,
        reasons);
  }
}
