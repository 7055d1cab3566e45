package io.claritystream.stream.materializer;

import static io.claritystream.stream.materializer.TableFacts.compact;
import static io.claritystream.stream.materializer.TableFacts.quoted;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.ValueKind;
import io.claritystream.stream.materializer.Mapping.Reference;
import io.claritystream.stream.materializer.Mapping.Value;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Recognizes tables of readings: tall ones, whose rows name one metric and its value, and wide
/// ones, whose columns are metrics. The table's name, its time and its device are weighed
/// together, since each alone is found in tables of all sorts.
final class ReadingTables {
  /// The score from which on a table is believed to hold readings.
  private static final int LIKELY = 4;

  private static final List<String> METRICS =
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
  private static final List<String> VALUES =
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
  private static final Set<String> UNITS =
      Set.of("unit", "units", "uom", "unitofmeasure", "einheit", "engunit", "engineeringunit");

  private final TableFacts table;
  private final @Nullable Reference device;
  private final @Nullable Reference site;

  /// @param device what the table's rows name as their device
  /// @param site the site they name beside it
  ReadingTables(TableFacts table, @Nullable Reference device, @Nullable Reference site) {
    this.table = table;
    this.device = device;
    this.site = site;
  }

  /// @return null if the rows are no readings
  @Nullable Mapping readings() {
    var time = TimeColumns.ofReadings(table);
    if (time == null || isNamedOtherwise(time)) {
      return null;
    }
    var named = table.hasWordOf(Words.READINGS);
    var score = score(time);
    var metric = pick(METRICS, ReadingTables::mayNameMetrics, time);
    var value = pick(VALUES, c -> c.kind().numeric() || c.kind() == ValueKind.TEXT, time);
    if (metric != null && value != null && !metric.equals(value)) {
      score += 2;
      if (score >= LIKELY && (device != null || named)) {
        return tall(time, metric, value);
      }
    }
    var values = Measures.of(table, placed(time));
    score += score(values);
    if (!values.isEmpty()
        && score >= LIKELY
        && (device != null || named && TimeColumns.saysWhenRead(time))) {
      return wide(time, values);
    }
    return null;
  }

  /// Whether its name says that it is about work, or about things themselves.
  private boolean isNamedOtherwise(Column time) {
    return table.hasWordOf(Words.BUSINESS)
        || !time.key()
            && (Words.SITES.contains(table.head())
                || Words.DEVICES.contains(table.head()) && !table.hasWordOf(Words.READINGS));
  }

  private int score(Column time) {
    var score = device != null ? 1 : 0;
    if (table.hasWordOf(Words.READINGS)) {
      score += 3;
    } else if (table.hasWordOf(Words.READINGS_WEAK)) {
      score += 1;
    }
    score += TimeColumns.saysWhenRead(time) ? 2 : 0;
    var toldApartByTime =
        time.key() || table.key().isEmpty() && !TimeColumns.saysWhenReceived(time);
    return score + (toldApartByTime ? 2 : 0);
  }

  private int score(List<Value> values) {
    var measuring = values.stream().anyMatch(value -> !value.unit().isEmpty());
    var fractional =
        values.stream().filter(v -> table.column(v.column()).kind() != ValueKind.INT).count();
    return (measuring ? 1 : 0) + (fractional * 2 >= values.size() ? 1 : 0);
  }

  private static boolean mayNameMetrics(Column column) {
    return column.kind() == ValueKind.TEXT
        || column.kind() == ValueKind.OTHER
        || column.kind() == ValueKind.INT && compact(column.name()).endsWith("id");
  }

  private @Nullable String pick(List<String> wanted, Predicate<Column> fits, Column time) {
    for (var name : wanted) {
      for (var column : table.columns()) {
        if (compact(column.name()).equals(name)
            && fits.test(column)
            && !column.equals(time)
            && (device == null || !device.columns().contains(column.name()))) {
          return column.name();
        }
      }
    }
    return null;
  }

  private Mapping tall(Column time, String metric, String value) {
    var unit =
        table.columnNames().stream()
            .filter(name -> UNITS.contains(compact(name)))
            .findFirst()
            .orElse(null);
    var taken = placed(time);
    taken.add(metric);
    taken.add(value);
    if (unit != null) {
      taken.add(unit);
    }
    return draft(time)
        .tall(metric, value, unit)
        .extras(table.columnsBut(taken))
        .because(
            "Each row is one reading: \"%s\" names the metric, \"%s\" is its value, \"%s\" its time."
                .formatted(metric, value, time.name()))
        .because(whoseReadings())
        .done();
  }

  private Mapping wide(Column time, List<Value> values) {
    var taken = placed(time);
    values.forEach(value -> taken.add(value.column()));
    return draft(time)
        .wide(values)
        .extras(table.columnsBut(taken))
        .because(
            "Each row is a reading: a time (\"%s\") and numbers (%s)."
                .formatted(
                    time.name(), quoted(values.stream().limit(4).map(Value::column).toList())))
        .because(whoseReadings())
        .done();
  }

  private MappingDraft draft(Column time) {
    return new MappingDraft(Entity.METRIC, device == null ? table.qualifiedName() : device.kind())
        .parent(device)
        .site(site)
        .time(time);
  }

  private String whoseReadings() {
    return device == null
        ? "It names no device, so the table itself stands for one."
        : "%s says of which device (%s).".formatted(quoted(device.columns()), device.kind());
  }

  /// The columns that have a place before metrics are looked for. A reading's own number is one
  /// of them: it says nothing about its device.
  private Set<String> placed(Column time) {
    var placed = new HashSet<>(table.key());
    placed.add(time.name());
    if (device != null) {
      placed.addAll(device.columns());
    }
    if (site != null) {
      placed.addAll(site.columns());
    }
    return placed;
  }
}
