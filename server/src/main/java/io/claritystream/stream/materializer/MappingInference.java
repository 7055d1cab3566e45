package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.TimeUnit;
import io.claritystream.stream.materializer.Mapping.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Guesses what a table's rows are from its names, types, keys, references and comments. Every
/// decision leaves a sentence for the person who checks it. The guess errs towards plain rows: a
/// table that is wrongly a device disturbs the fleet, a table that is wrongly a row is still
/// there.
final class MappingInference {
  private static final int LIKELY = 4;
  private static final int VALUES_MAX = 1_000;

  private static final List<String> READING_TIMES =
      List.of(
          "ts",
          "time",
          "timestamp",
          "measured",
          "measuredat",
          "recordedat",
          "recorded",
          "readingtime",
          "readat",
          "sampledat",
          "sampletime",
          "observedat",
          "eventtime",
          "eventts",
          "datetime",
          "devicetime",
          "readingts",
          "readingat",
          "measurementtime",
          "measuretime",
          "tstamp",
          "t",
          "epoch",
          "epochms",
          "tsms",
          "timestampms",
          "utc",
          "timeutc",
          "tsutc",
          "zeitpunkt",
          "zeitstempel",
          "horodatage",
          "fecha",
          "at",
          "takenat",
          "capturedat",
          "loggedat",
          "logtime",
          "occurredat",
          "date",
          "bucket",
          "minute");
  private static final Set<String> RECEIVING_TIMES =
      Set.of(
          "createdat",
          "insertedat",
          "updatedat",
          "receivedat",
          "ingestedat",
          "created",
          "inserted",
          "updated",
          "loadedat",
          "processedat",
          "modifiedat",
          "modified");
  private static final List<String> METRIC_COLUMNS =
      List.of(
          "metric",
          "metricname",
          "metrickey",
          "metriccode",
          "parameter",
          "param",
          "parametername",
          "signal",
          "signalname",
          "measure",
          "measurement",
          "measurementtype",
          "quantity",
          "variable",
          "variablename",
          "attribute",
          "attributename",
          "property",
          "channel",
          "tag",
          "tagname",
          "kpi",
          "key",
          "field",
          "point",
          "pointname",
          "datapoint",
          "item",
          "sensortype",
          "sensor",
          "sensorname",
          "name",
          "type",
          "readingtype",
          "metricid",
          "parameterid",
          "tagid",
          "measurementtypeid",
          "signalid",
          "channelid",
          "variableid",
          "metrictypeid");
  private static final List<String> VALUE_COLUMNS =
      List.of(
          "value",
          "val",
          "reading",
          "readingvalue",
          "measuredvalue",
          "valuenum",
          "numericvalue",
          "valuenumeric",
          "doublevalue",
          "floatvalue",
          "valuedouble",
          "valuefloat",
          "v",
          "num",
          "measurementvalue",
          "metricvalue",
          "result",
          "wert",
          "messwert",
          "valeur",
          "valor",
          "amount");
  private static final List<String> NAME_COLUMNS =
      List.of(
          "name", "displayname", "label", "title", "bezeichnung", "nom", "nombre", "description");
  private static final Set<String> UNIT_COLUMNS =
      Set.of("unit", "units", "uom", "unitofmeasure", "einheit", "engunit", "engineeringunit");
  private static final Set<String> CODES =
      Set.of(
          "code",
          "status",
          "state",
          "mode",
          "quality",
          "flag",
          "flags",
          "version",
          "revision",
          "type",
          "level_code",
          "error",
          "year",
          "month",
          "seq",
          "sequence",
          "index",
          "idx",
          "rank",
          "zip",
          "phone",
          "no",
          "nr",
          "number",
          "id",
          "class",
          "category",
          "shift");

  private final TableSchema schema;
  private final Map<String, Mapping> known;
  private final List<String> words;
  private final String head;
  private final List<String> columnNames;
  private final List<String> reasons = new ArrayList<>();

  private MappingInference(TableSchema schema, Map<String, Mapping> known) {
    this.schema = schema;
    this.known = known;
    words = Words.ofTable(schema.name());
    head = words.isEmpty() ? "" : words.getLast();
    columnNames = schema.columns().stream().map(Column::name).toList();
  }

  /// @param known the mappings of the source's other tables so far, by `namespace.name`
  static Mapping infer(TableSchema schema, Map<String, Mapping> known) {
    return new MappingInference(schema, known).infer();
  }

  /// A mapping that holds on for another version of its table: columns that came are metrics or
  /// extras, columns that went are left out.
  static Mapping extend(Mapping previous, TableSchema schema, Map<String, Mapping> known) {
    return new MappingInference(schema, known).extend(previous);
  }

  private Mapping extend(Mapping previous) {
    var values = new ArrayList<Value>();
    for (var value : previous.values()) {
      if (columnNames.contains(value.column())) {
        values.add(value);
      }
    }
    var extras = new ArrayList<String>(previous.extras());
    extras.retainAll(columnNames);
    var placed = taken(previous.parent(), previous.site(), previous.time());
    placed.addAll(previous.id());
    for (var name :
        Arrays.asList(previous.name(), previous.metric(), previous.value(), previous.unit())) {
      if (name != null) {
        placed.add(name);
      }
    }
    values.forEach(value -> placed.add(value.column()));
    placed.addAll(extras);
    reasons.addAll(previous.reasons());
    for (var column : schema.columns()) {
      if (placed.contains(column.name())) {
        continue;
      }
      if (previous.entity() == Entity.METRIC && !previous.tall() && isMeasure(column)) {
        values.add(value(column));
      } else {
        extras.add(column.name());
      }
    }
    return new Mapping(
        previous.version() + 1,
        previous.origin(),
        previous.entity(),
        previous.kind(),
        previous.id(),
        previous.parent(),
        previous.site(),
        columnNames.contains(previous.name()) ? previous.name() : nameColumn(),
        previous.time(),
        previous.timeUnit(),
        previous.metric(),
        previous.value(),
        columnNames.contains(previous.unit()) ? previous.unit() : null,
        values,
        extras,
        reasons);
  }

  private Mapping infer() {
    if (schema.columns().isEmpty()) {
      return rows("has no columns.");
    }
    var device = deviceReference();
    var site = siteReference();
    var session = session(device);
    if (session != null) {
      return session;
    }
    var readings = readings(device, site);
    if (readings != null) {
      return readings;
    }
    if (isThing(Words.DEVICES, Words.DEVICES_WEAK, site != null) || isReferredToByReadings()) {
      return device(site);
    }
    if (isThing(Words.SITES, Words.SITES_WEAK, false)) {
      return site();
    }
    return rows("nothing in it looks like sites, devices or readings.");
  }

  // Sites and devices

  private boolean isThing(Set<String> nouns, Set<String> weakNouns, boolean supported) {
    var named =
        nouns.contains(head) || weakNouns.contains(head) && (supported && nameColumn() != null);
    return named
        && words.stream().noneMatch(Words.BUSINESS::contains)
        && !id().isEmpty()
        && !joinsOthers();
  }

  /// Whether the key consists of references: then the rows connect things and are none
  /// themselves.
  private boolean joinsOthers() {
    var key = keyColumns();
    return key.size() > 1
        && key.stream().filter(column -> !foreignTargets(column).isEmpty()).count() == key.size();
  }

  private boolean isReferredToByReadings() {
    if (id().isEmpty()) {
      return false;
    }
    for (var mapping : known.values()) {
      var parent = mapping.parent();
      if (mapping.entity() == Entity.METRIC
          && parent != null
          && schema.qualifiedName().equals(parent.table())) {
        reasons.add("Readings refer to it.");
        return true;
      }
    }
    return false;
  }

  private Mapping device(@Nullable Reference site) {
    reasons.add("\"%s\" names a kind of device, and each row has a key.".formatted(schema.name()));
    if (site != null) {
      reasons.add("%s says at which site it is.".formatted(quoted(site.columns())));
    }
    return thing(Entity.DEVICE, site);
  }

  private Mapping site() {
    reasons.add("\"%s\" names a kind of place, and each row has a key.".formatted(schema.name()));
    return thing(Entity.SITE, null);
  }

  private Mapping thing(Entity entity, @Nullable Reference parent) {
    var id = id();
    var name = nameColumn();
    var taken = new HashSet<>(id);
    if (parent != null) {
      taken.addAll(parent.columns());
    }
    if (name != null) {
      taken.add(name);
    }
    return new Mapping(
        1,
        Mapping.INFERRED,
        entity,
        ownKind(entity),
        id,
        parent,
        null,
        name,
        null,
        TimeUnit.TEXT,
        null,
        null,
        null,
        List.of(),
        others(taken),
        reasons);
  }

  /// The kind by which others refer to this table: what readings or devices seen earlier call
  /// it, else its noun; with the namespace where another table has the noun already.
  private String ownKind(Entity entity) {
    for (var mapping : known.values()) {
      var reference = entity == Entity.SITE ? siteOf(mapping) : deviceOf(mapping);
      if (reference != null && schema.qualifiedName().equals(reference.table())) {
        return reference.kind();
      }
    }
    var taken = false;
    for (var other : known.entrySet()) {
      taken |=
          other.getValue().entity() == entity
              && other.getValue().kind().equals(head)
              && !other.getKey().equals(schema.qualifiedName());
    }
    if (taken) {
      return schema.qualifiedName();
    }
    if (!isNamedByOthers(entity, head)) {
      var orphan = orphanKind(entity);
      if (orphan != null) {
        reasons.add("Rows that came earlier call it \"%s\".".formatted(orphan));
        return orphan;
      }
    }
    return head.isEmpty() ? entity.label() : head;
  }

  private boolean isNamedByOthers(Entity entity, String kind) {
    return known.values().stream()
        .map(mapping -> entity == Entity.SITE ? siteOf(mapping) : deviceOf(mapping))
        .anyMatch(reference -> reference != null && reference.kind().equals(kind));
  }

  /// The one general word (`device_id`, `asset_id`, `site_id`) by which others refer to a table
  /// that has not been seen.
  private @Nullable String orphanKind(Entity entity) {
    var general =
        entity == Entity.SITE
            ? Set.of("site", "location", "facility", "plant")
            : Set.of("device", "asset", "machine", "equipment");
    var orphans = new HashSet<String>();
    for (var mapping : known.values()) {
      var reference = entity == Entity.SITE ? siteOf(mapping) : deviceOf(mapping);
      if (reference != null && reference.table() == null && general.contains(reference.kind())) {
        orphans.add(reference.kind());
      }
    }
    for (var mapping : known.values()) {
      if (mapping.entity() == entity) {
        orphans.remove(mapping.kind());
      }
    }
    return orphans.size() == 1 ? orphans.iterator().next() : null;
  }

  private static @Nullable Reference siteOf(Mapping mapping) {
    return mapping.entity() == Entity.DEVICE ? mapping.parent() : mapping.site();
  }

  private static @Nullable Reference deviceOf(Mapping mapping) {
    return mapping.entity() == Entity.METRIC || mapping.entity() == Entity.SESSION
        ? mapping.parent()
        : null;
  }

  // Readings

  private @Nullable Mapping readings(@Nullable Reference device, @Nullable Reference site) {
    var time = timeColumn();
    if (time == null) {
      return null;
    }
    var timeInKey = column(time).key();
    var strongNoun = words.stream().anyMatch(Words.READINGS::contains);
    var namesDevice = device != null;
    if (words.stream().anyMatch(Words.BUSINESS::contains)
        || Words.DEVICES.contains(head) && !timeInKey && !strongNoun
        || Words.SITES.contains(head) && !timeInKey) {
      return null;
    }
    var compactTime = compact(time);
    var receiving = RECEIVING_TIMES.contains(compactTime);
    var score = 0;
    score += strongNoun ? 3 : 0;
    score += !strongNoun && words.stream().anyMatch(Words.READINGS_WEAK::contains) ? 1 : 0;
    score += READING_TIMES.contains(compactTime) ? 2 : 0;
    score += timeInKey || keyColumns().isEmpty() && !receiving ? 2 : 0;
    score += namesDevice ? 1 : 0;

    var metric = pick(METRIC_COLUMNS, this::mayNameMetrics, device, time);
    var value =
        pick(VALUE_COLUMNS, c -> c.kind().numeric() || c.kind() == ValueKind.TEXT, device, time);
    if (metric != null && value != null && !metric.equals(value)) {
      score += 2;
      if (score >= LIKELY && (namesDevice || strongNoun)) {
        return tall(device, site, time, metric, value);
      }
    }
    var values = valueColumns(device, site, time);
    if (values.isEmpty()) {
      return null;
    }
    var measuring = values.stream().filter(v -> !v.unit().isEmpty()).count();
    var fractional =
        values.stream().filter(v -> column(v.column()).kind() != ValueKind.INT).count();
    score += measuring > 0 ? 1 : 0;
    score += fractional * 2 >= values.size() ? 1 : 0;
    if (score >= LIKELY && (namesDevice || strongNoun && READING_TIMES.contains(compactTime))) {
      return wide(device, site, time, values);
    }
    return null;
  }

  private Mapping wide(
      @Nullable Reference device, @Nullable Reference site, String time, List<Value> values) {
    reasons.add(
        "Each row is a reading: a time (\"%s\") and numbers (%s)."
            .formatted(time, quoted(values.stream().limit(4).map(Value::column).toList())));
    var taken = taken(device, site, time);
    values.forEach(value -> taken.add(value.column()));
    return reading(device, site, time, null, null, null, values, others(taken));
  }

  private Mapping tall(
      @Nullable Reference device,
      @Nullable Reference site,
      String time,
      String metric,
      String value) {
    reasons.add(
        "Each row is one reading: \"%s\" names the metric, \"%s\" is its value, \"%s\" its time."
            .formatted(metric, value, time));
    var unit =
        columnNames.stream()
            .filter(c -> UNIT_COLUMNS.contains(compact(c)))
            .findFirst()
            .orElse(null);
    var taken = taken(device, site, time);
    taken.add(metric);
    taken.add(value);
    if (unit != null) {
      taken.add(unit);
    }
    return reading(device, site, time, metric, value, unit, List.of(), others(taken));
  }

  private Mapping reading(
      @Nullable Reference device,
      @Nullable Reference site,
      String time,
      @Nullable String metric,
      @Nullable String value,
      @Nullable String unit,
      List<Value> values,
      List<String> extras) {
    if (device == null) {
      reasons.add("It names no device, so the table itself stands for one.");
    } else {
      reasons.add(
          "%s says of which device (%s).".formatted(quoted(device.columns()), device.kind()));
    }
    return new Mapping(
        1,
        Mapping.INFERRED,
        Entity.METRIC,
        device == null ? schema.qualifiedName() : device.kind(),
        List.of(),
        device,
        site,
        null,
        time,
        timeUnit(column(time)),
        metric,
        value,
        unit,
        values,
        extras,
        reasons);
  }

  private List<Value> valueColumns(
      @Nullable Reference device, @Nullable Reference site, @Nullable String time) {
    var taken = taken(device, site, time);
    var values = new ArrayList<Value>();
    for (var column : schema.columns()) {
      if (isMeasure(column) && !taken.contains(column.name()) && values.size() < VALUES_MAX) {
        values.add(value(column));
      }
    }
    return values;
  }

  private boolean isMeasure(Column column) {
    if (!column.kind().numeric() || column.key() || !foreignTargets(column.name()).isEmpty()) {
      return false;
    }
    var parts = Words.of(column.name());
    if (parts.isEmpty()) {
      return true;
    }
    var last = parts.getLast();
    if (column.kind() != ValueKind.FLOAT && CODES.contains(last)) {
      return false;
    }
    return !(last.equals("id") || isTimeNumber(column));
  }

  private Value value(Column column) {
    var named = Units.of(column.name(), column.comment(), columnNames);
    return new Value(column.name(), Keys.shortened(column.name()), named.name(), named.unit());
  }

  private boolean mayNameMetrics(Column column) {
    return column.kind() == ValueKind.TEXT
        || column.kind() == ValueKind.OTHER
        || column.kind() == ValueKind.INT && compact(column.name()).endsWith("id");
  }

  // Sessions and rows

  private @Nullable Mapping session(@Nullable Reference device) {
    if (!Words.SESSIONS.contains(head)) {
      return null;
    }
    var begins =
        timeNamed(Set.of("start", "starts", "started", "begin", "begins", "began", "from"));
    var ends =
        timeNamed(
            Set.of("end", "ends", "ended", "stop", "stopped", "finish", "finished", "to", "until"));
    if (begins == null || ends == null) {
      return null;
    }
    reasons.add(
        "Each row is a span of time, from \"%s\" to \"%s\"; it is kept as a row."
            .formatted(begins, ends));
    return entity(Entity.SESSION, device, begins);
  }

  private @Nullable String timeNamed(Set<String> words) {
    for (var column : schema.columns()) {
      if (isTime(column) && Words.of(column.name()).stream().anyMatch(words::contains)) {
        return column.name();
      }
    }
    return null;
  }

  private Mapping rows(String why) {
    reasons.add("Plain rows: " + why);
    return entity(Entity.ROW, null, null);
  }

  private Mapping entity(Entity entity, @Nullable Reference parent, @Nullable String time) {
    var id = keyColumns();
    var taken = new HashSet<>(id);
    if (id.isEmpty()) {
      reasons.add("It has no key, so each captured row is an entity of its own.");
    }
    return new Mapping(
        1,
        Mapping.INFERRED,
        entity,
        schema.qualifiedName(),
        id,
        parent,
        null,
        nameColumn(),
        time,
        TimeUnit.TEXT,
        null,
        null,
        null,
        List.of(),
        others(taken),
        reasons);
  }

  // References

  private @Nullable Reference deviceReference() {
    return reference(Words.DEVICES, Words.DEVICES_WEAK, Entity.DEVICE);
  }

  private @Nullable Reference siteReference() {
    return reference(Words.SITES, Words.SITES_WEAK, Entity.SITE);
  }

  private record Candidate(Reference reference, int rank) {}

  private @Nullable Reference reference(Set<String> nouns, Set<String> weakNouns, Entity entity) {
    Candidate best = null;
    for (var foreignKey : schema.foreignKeys()) {
      var target = qualified(foreignKey.targetNamespace(), foreignKey.targetTable());
      if (target.equals(schema.qualifiedName())) {
        continue;
      }
      var targetWords = Words.ofTable(foreignKey.targetTable());
      var noun = targetWords.isEmpty() ? "" : targetWords.getLast();
      var mapped = known.get(target);
      var rank =
          mapped != null
              ? mapped.entity() == entity ? 100 : 0
              : nouns.contains(noun)
                  ? 90
                  : weakNouns.contains(noun) ? 60 : soleReferenceOfReadings(entity) ? 50 : 0;
      if (rank == 0) {
        continue;
      }
      var inKey = foreignKey.columns().stream().allMatch(name -> column(name).key());
      var kind = mapped != null ? mapped.kind() : kindOf(target, noun, entity);
      best =
          better(best, new Reference(foreignKey.columns(), kind, target), rank + (inKey ? 5 : 0));
    }
    for (var column : schema.columns()) {
      if (!foreignTargets(column.name()).isEmpty()) {
        continue;
      }
      var named = named(column, nouns, weakNouns);
      if (named != null) {
        var table = tableOfKind(named.noun(), entity);
        var kind = table != null ? known.get(table).kind() : named.noun();
        var rank = named.rank() + (column.key() ? 10 : 0) + (table != null ? 10 : 0);
        best = better(best, new Reference(List.of(column.name()), kind, table), rank);
      }
    }
    return best == null ? null : best.reference();
  }

  private static Candidate better(@Nullable Candidate best, Reference reference, int rank) {
    return best == null || rank > best.rank() ? new Candidate(reference, rank) : best;
  }

  /// A table called readings whose one reference leads to a table of an unknown noun: that is
  /// what the readings are of.
  private boolean soleReferenceOfReadings(Entity entity) {
    return entity == Entity.DEVICE
        && schema.foreignKeys().size() == 1
        && words.stream().anyMatch(Words.READINGS::contains);
  }

  private record Named(String noun, int rank) {}

  private @Nullable Named named(Column column, Set<String> nouns, Set<String> weakNouns) {
    if (column.kind() == ValueKind.FLOAT
        || column.kind() == ValueKind.NUMERIC && !column.key()
        || column.kind() == ValueKind.BOOL
        || isTime(column)
        || isOwnKey(column)) {
      return null;
    }
    var parts = new ArrayList<>(Words.of(column.name()));
    if (parts.isEmpty()) {
      return null;
    }
    var ending = "";
    if (parts.size() > 1 && Words.REFERENCE_ENDINGS.contains(parts.getLast())) {
      ending = parts.removeLast();
    } else if (parts.getLast().length() > 4 && parts.getLast().endsWith("id")) {
      // "deviceid"
      var stem = parts.getLast().substring(0, parts.getLast().length() - 2);
      if (nouns.contains(stem)) {
        parts.set(parts.size() - 1, stem);
        ending = "id";
      }
    }
    if (parts.getFirst().equals("parent")) {
      return null;
    }
    var noun = Words.singular(parts.getLast());
    var weak = weakNouns.contains(noun) && !nouns.contains(noun);
    if (!nouns.contains(noun) && !weak) {
      return prefixOfTable(parts, ending, nouns);
    }
    if (ending.isEmpty() && column.kind() == ValueKind.INT && !column.key()) {
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

  /// `kettle_readings.kettle_id`: an unknown noun that the table's name begins with.
  private @Nullable Named prefixOfTable(List<String> parts, String ending, Set<String> nouns) {
    var prefix = words.size() > 1 ? words.subList(0, words.size() - 1) : List.<String>of();
    var reads = words.stream().anyMatch(Words.READINGS::contains);
    return nouns == Words.DEVICES
            && reads
            && !ending.isEmpty()
            && !ending.equals("name")
            && prefix.equals(parts)
            && !Words.SITES.contains(parts.getLast())
        ? new Named(parts.getLast(), 25)
        : null;
  }

  /// A key of this very table: `pump_id` of `pumps`.
  private boolean isOwnKey(Column column) {
    var keys = keyColumns();
    return keys.size() == 1 && keys.getFirst().equals(column.name()) && !hasTimeAndNoOtherKey();
  }

  /// A table of newest values has a device as its whole key.
  private boolean hasTimeAndNoOtherKey() {
    return words.stream()
        .anyMatch(w -> Words.READINGS.contains(w) || Words.READINGS_WEAK.contains(w));
  }

  private String kindOf(String target, String noun, Entity entity) {
    for (var mapping : known.values()) {
      var reference = entity == Entity.SITE ? siteOf(mapping) : deviceOf(mapping);
      if (reference != null && target.equals(reference.table())) {
        return reference.kind();
      }
    }
    for (var other : known.entrySet()) {
      if (other.getValue().entity() == entity
          && other.getValue().kind().equals(noun)
          && !other.getKey().equals(target)) {
        return target;
      }
    }
    return noun;
  }

  /// The known table that a noun means: the one of that kind, else the only one there is.
  private @Nullable String tableOfKind(String noun, Entity entity) {
    String only = null;
    var count = 0;
    for (var other : known.entrySet()) {
      if (other.getValue().entity() == entity && !other.getKey().equals(schema.qualifiedName())) {
        if (other.getValue().kind().equals(noun)) {
          return other.getKey();
        }
        only = other.getKey();
        count++;
      }
    }
    var general =
        entity == Entity.SITE
            ? Set.of("site", "location", "facility", "plant")
            : Set.of("device", "asset", "machine", "equipment");
    return count == 1 && general.contains(noun) ? only : null;
  }

  // Columns

  private @Nullable String timeColumn() {
    String best = null;
    var bestRank = Integer.MIN_VALUE;
    for (var column : schema.columns()) {
      var compact = compact(column.name());
      var position = READING_TIMES.indexOf(compact);
      var text = column.kind() == ValueKind.TEXT && position >= 0 && position < 4;
      if (!isTime(column) && !isTimeNumber(column) && !text) {
        continue;
      }
      var rank = position >= 0 ? 100 - position : RECEIVING_TIMES.contains(compact) ? 10 : 40;
      rank += column.key() ? 60 : 0;
      rank -= column.kind() == ValueKind.DATE ? 30 : 0;
      rank -= text ? 20 : 0;
      if (rank > bestRank) {
        best = column.name();
        bestRank = rank;
      }
    }
    return best;
  }

  private static boolean isTime(Column column) {
    return switch (column.kind()) {
      case TIMESTAMP, TIMESTAMPTZ, DATE -> true;
      default -> false;
    };
  }

  /// A number that counts from 1970: known by its name alone.
  private static boolean isTimeNumber(Column column) {
    if (!column.kind().numeric()) {
      return false;
    }
    var compact = compact(column.name());
    return Set.of(
            "ts",
            "timestamp",
            "time",
            "epoch",
            "epochms",
            "epochs",
            "tsms",
            "tsus",
            "tsns",
            "timestampms",
            "timestampus",
            "timems",
            "unixtime",
            "unixts",
            "eventts",
            "eventtime",
            "epochus",
            "epochmillis",
            "unixtimestamp")
        .contains(compact);
  }

  private static TimeUnit timeUnit(Column column) {
    return column.kind().numeric() ? TimeUnit.EPOCH : TimeUnit.TEXT;
  }

  private List<String> id() {
    var key = keyColumns();
    if (!key.isEmpty()) {
      return key;
    }
    for (var column : schema.columns()) {
      var compact = compact(column.name());
      if (compact.equals("id")
          || compact.equals(head + "id")
          || compact.equals("serial")
          || compact.equals("serialnumber")
          || compact.equals("code")
          || compact.equals(head + "code")) {
        reasons.add("It has no declared key; \"%s\" reads like one.".formatted(column.name()));
        return List.of(column.name());
      }
    }
    return List.of();
  }

  private List<String> keyColumns() {
    return schema.columns().stream().filter(Column::key).map(Column::name).toList();
  }

  private @Nullable String nameColumn() {
    var names = new ArrayList<>(NAME_COLUMNS);
    names.add(1, head + "name");
    names.addAll(List.of("tag", "code", "serial", "serialnumber", head + "code", "assettag"));
    for (var wanted : names) {
      for (var column : schema.columns()) {
        if (compact(column.name()).equals(wanted)
            && !column.kind().numeric()
            && column.kind() != ValueKind.BOOL
            && !isTime(column)) {
          return column.name();
        }
      }
    }
    return null;
  }

  private @Nullable String pick(
      List<String> wanted,
      java.util.function.Predicate<Column> fits,
      @Nullable Reference device,
      String time) {
    for (var name : wanted) {
      for (var column : schema.columns()) {
        if (compact(column.name()).equals(name)
            && fits.test(column)
            && !column.name().equals(time)
            && (device == null || !device.columns().contains(column.name()))) {
          return column.name();
        }
      }
    }
    return null;
  }

  /// What has no place of its own: extras. Of readings, not the surrogate key.
  private List<String> others(Collection<String> taken) {
    return columnNames.stream().filter(name -> !taken.contains(name)).toList();
  }

  private Set<String> taken(
      @Nullable Reference device, @Nullable Reference site, @Nullable String time) {
    var taken = new HashSet<String>();
    if (device != null) {
      taken.addAll(device.columns());
    }
    if (site != null) {
      taken.addAll(site.columns());
    }
    if (time != null) {
      taken.add(time);
    }
    // A reading's own number says nothing about its device.
    taken.addAll(keyColumns());
    return taken;
  }

  private List<String> foreignTargets(String column) {
    return schema.foreignKeys().stream()
        .filter(foreignKey -> foreignKey.columns().contains(column))
        .map(foreignKey -> qualified(foreignKey.targetNamespace(), foreignKey.targetTable()))
        .toList();
  }

  private Column column(String name) {
    for (var column : schema.columns()) {
      if (column.name().equals(name)) {
        return column;
      }
    }
    throw new IllegalStateException(schema.qualifiedName() + " has no column " + name);
  }

  private static String qualified(String namespace, String table) {
    return namespace.isEmpty() ? table : namespace + "." + table;
  }

  private static String compact(String name) {
    return name.replaceAll("[^\\p{L}\\p{N}]", "").toLowerCase(Locale.ROOT);
  }

  private static String quoted(Collection<String> names) {
    return "\"" + String.join("\", \"", names) + "\"";
  }
}
