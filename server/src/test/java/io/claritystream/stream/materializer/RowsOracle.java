package io.claritystream.stream.materializer;

import io.claritystream.stream.materializer.SourceRows.Line;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What the rows of a small plant say, worked out from them alone and in the plainest way. Shares
/// nothing with what it judges.
final class RowsOracle {
  /// A value of a metric of a device.
  private record Value(String text, Instant at, long born) {}

  private static final DateTimeFormatter MICROSECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSX").withZone(ZoneOffset.UTC);

  private final Map<String, SourceRows> plant;
  private final List<String> all = new ArrayList<>();

  /// By device, metric and minute, joined.
  private final Map<String, List<Value>> values = new TreeMap<>();

  /// Devices as the word and their key, with the site that they are at or null.
  private final Map<String, @Nullable String> devices = new TreeMap<>();

  /// By table: how many values are shown otherwise than they came, or not at all, for their size.
  private final Map<String, Integer> leftOut = new TreeMap<>();

  private final TreeSet<String> describedDevices = new TreeSet<>();

  RowsOracle(Map<String, SourceRows> plant) {
    this.plant = plant;
  }

  List<String> everything() {
    wide("readings", "readings");
    wide("archive_readings", "archive_readings");
    tall();
    flat();
    stops();
    states();
    minutes();
    describedDevices();
    sites();
    rows();
    leftOut.forEach((table, values) -> all.add("left out public." + table + " " + values));
    all.sort(Comparator.naturalOrder());
    return all;
  }

  private List<Line> lines(String table) {
    var rows = plant.get(table);
    return rows == null ? List.of() : rows.all();
  }

  private void value(String device, String metric, @Nullable String text, Instant at, long born) {
    if (text != null) {
      values
          .computeIfAbsent(
              device + " " + metric + " " + at.truncatedTo(ChronoUnit.MINUTES),
              key -> new ArrayList<>())
          .add(new Value(text, at, born));
    }
  }

  private static boolean isTooLarge(@Nullable String number) {
    return number != null && number.length() > 1_000;
  }

  private static @Nullable String cut(@Nullable String text) {
    return text == null || text.length() <= 10_000
        ? text
        : text.substring(0, 10_000) + "… (cut at 10,000 characters)";
  }

  private void leftOut(String table, boolean isLeftOut) {
    if (isLeftOut) {
      leftOut.merge(table, 1, Integer::sum);
    }
  }

  private static final Comparator<Value> BY_TIME =
      Comparator.comparing(Value::at).thenComparingLong(Value::born);

  private void wide(String table, String prefix) {
    var newest = new TreeMap<String, Line>();
    for (var line : lines(table)) {
      var device = "device/" + line.text(0);
      devices.putIfAbsent(device, null);
      var at = Instant.parse(line.text(1));
      for (var column : List.of(2, 3)) {
        var isTooLarge = isTooLarge(line.text(column));
        leftOut(table, isTooLarge);
        var metric = column == 2 ? "pressure_bar" : "temp_c";
        value(device, metric, isTooLarge ? null : line.text(column), at, line.born);
      }
      leftOut(table, line.text(4) != null && line.text(4).length() > 10_000);
      newest.merge(
          device,
          line,
          (one, other) -> {
            var order = Instant.parse(one.text(1)).compareTo(Instant.parse(other.text(1)));
            return order > 0 || order == 0 && one.born > other.born ? one : other;
          });
    }
    newest.forEach((device, line) -> extra(device, prefix + ":mode", "text", cut(line.text(4))));
  }

  private void tall() {
    var newest = new TreeMap<String, Value>();
    for (var line : lines("measurements")) {
      var device = "device/" + line.text(1);
      devices.putIfAbsent(device, null);
      var at = line.text(3) == null ? line.written : Instant.parse(line.text(3));
      var text = line.text(4);
      leftOut("measurements", isTooLarge(text));
      if (text != null && (text.startsWith("t") || isTooLarge(text))) {
        var place = device + " measurements:value." + line.text(2);
        newest.merge(
            place,
            new Value(text, at, line.born),
            (one, other) -> BY_TIME.compare(one, other) > 0 ? one : other);
      } else {
        value(device, String.valueOf(line.text(2)), text, at, line.born);
      }
    }
    newest.forEach(
        (place, value) -> extra(place.split(" ")[0], place.split(" ")[1], "text", value.text));
  }

  private void flat() {
    var newest = new TreeMap<String, Value>();
    for (var line : lines("flat_telemetry")) {
      var device = "device/" + line.text(1);
      var at = Instant.parse(line.text(2));
      value(device, "speed_rpm", line.text(3), at, line.born);
      newest.merge(
          device,
          new Value(String.valueOf(line.text(0)), at, line.born),
          (one, other) -> BY_TIME.compare(one, other) > 0 ? one : other);
    }
    newest.forEach((device, site) -> devices.put(device, site.text));
  }

  /// A moment that people wrote down as one; null if it means nothing, or never.
  private static @Nullable Instant moment(@Nullable String text) {
    return text == null || !text.startsWith("2026") ? null : Instant.parse(text);
  }

  private void named(@Nullable String device) {
    if (device != null) {
      devices.putIfAbsent("device/" + device, null);
    }
  }

  private void session(Line line, String what, @Nullable Instant start, @Nullable Instant end) {
    if (start != null) {
      all.add(
          "session row/%s device/%s %s %s %s %s"
              .formatted(
                  line.text(0), line.text(1), what, line.text(4), exactly(start), exactly(end)));
    }
  }

  private static @Nullable String exactly(@Nullable Instant at) {
    return at == null ? null : MICROSECONDS.format(at);
  }

  private void stops() {
    lines("machine_stops").forEach(line -> named(line.text(1)));
    byKey(lines("machine_stops"))
        .forEach(
            (key, line) -> {
              all.add("entity row/" + key + " public.machine_stops " + line.born);
              extra("row/" + key, "device_id", "num", line.text(1));
              extra("row/" + key, "reason", "text", line.text(4));
              timeExtra("row/" + key, "started_at", line.text(2));
              timeExtra("row/" + key, "ended_at", line.text(3));
              if (!"-infinity".equals(line.text(3))) {
                session(line, "stop", moment(line.text(2)), end(line));
              }
            });
  }

  /// One that lasted when its row was deleted ended with it, but not before it began.
  private static @Nullable Instant end(Line line) {
    var start = moment(line.text(2));
    var end = moment(line.text(3));
    if (end != null || start == null || line.deleted == null) {
      return end;
    }
    return line.deleted.isAfter(start) ? line.deleted : start;
  }

  private void states() {
    lines("machine_states").forEach(line -> named(line.text(1)));
    var byKey = byKey(lines("machine_states"));
    byKey.forEach(
        (key, line) -> {
          all.add("entity row/" + key + " public.machine_states " + line.born);
          extra("row/" + key, "device_id", "num", line.text(1));
          timeExtra("row/" + key, "changed_at", line.text(2));
          extra("row/" + key, "state", "text", line.text(3));
          extra("row/" + key, "reason", "text", line.text(4));
          var start = moment(line.text(2));
          if (line.text(1) == null || start == null) {
            return;
          }
          var end =
              byKey.values().stream()
                  .filter(next -> line.text(1).equals(next.text(1)))
                  .filter(next -> moment(next.text(2)) != null)
                  .filter(
                      next ->
                          moment(next.text(2)).isAfter(start)
                              || moment(next.text(2)).equals(start) && next.born > line.born)
                  .map(next -> moment(next.text(2)))
                  .min(Comparator.naturalOrder())
                  .orElse(null);
          session(line, String.valueOf(line.text(3)), start, end);
        });
  }

  private void minutes() {
    values.forEach(
        (place, of) -> {
          var finite = new ArrayList<Value>();
          var nans = 0;
          for (var value : of) {
            if (value.text.equals("NaN")) {
              nans++;
            } else if (!value.text.endsWith("Infinity")) {
              finite.add(value);
            }
          }
          var last = (finite.isEmpty() ? of : finite).stream().max(BY_TIME).orElseThrow();
          var numbers = finite.stream().map(value -> new BigDecimal(value.text)).toList();
          all.add(
              "minute %s count=%d nan=%d inf=%d sum=%s min=%s max=%s last=%s at=%s born=%d"
                  .formatted(
                      place,
                      finite.size(),
                      nans,
                      of.size() - finite.size() - nans,
                      plain(numbers.stream().reduce(BigDecimal.ZERO, BigDecimal::add)),
                      plain(numbers.stream().min(Comparator.naturalOrder()).orElse(null)),
                      plain(numbers.stream().max(Comparator.naturalOrder()).orElse(null)),
                      finite.isEmpty() ? "null" : plain(new BigDecimal(last.text)),
                      last.at,
                      last.born));
        });
  }

  private static String plain(@Nullable BigDecimal number) {
    if (number == null) {
      return "null";
    }
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  /// Of several rows of one key, which only history has, the youngest.
  private static Map<String, Line> byKey(List<Line> lines) {
    var byKey = new TreeMap<String, Line>();
    for (var line : lines) {
      byKey.merge(
          String.valueOf(line.text(0)), line, (one, other) -> one.born > other.born ? one : other);
    }
    return byKey;
  }

  private void describedDevices() {
    byKey(lines("devices"))
        .forEach(
            (key, line) -> {
              var device = "device/" + key;
              describedDevices.add(device);
              devices.put(device, line.text(1));
              all.add("entity " + device + " public.devices " + line.born);
              extra(device, "manual", "text", line.text(3));
              var name = line.text(2) == null ? key : line.text(2);
              all.add("device %s %s true %s".formatted(device, name, line.text(1)));
            });
    devices.forEach(
        (device, site) -> {
          if (!describedDevices.contains(device)) {
            all.add("entity " + device + "  0");
            all.add("device %s %s false %s".formatted(device, device.split("/")[1], site));
          }
        });
  }

  private void sites() {
    var described = byKey(lines("sites"));
    described.forEach(
        (key, line) -> {
          all.add("site " + key + " " + (line.text(1) == null ? key : line.text(1)));
          all.add("entity site/" + key + " public.sites " + line.born);
        });
    var named = new TreeSet<String>();
    devices.values().stream().filter(site -> site != null).forEach(named::add);
    named.removeAll(described.keySet());
    for (var key : named) {
      all.add("site " + key + " " + key);
      all.add("entity site/" + key + "  0");
    }
  }

  private void rows() {
    for (var line : lines("orders")) {
      leftOut("orders", line.text(2) != null && line.text(2).contains("deep"));
    }
    byKey(lines("orders"))
        .forEach(
            (key, line) -> {
              all.add("entity row/" + key + " public.orders " + line.born);
              extra("row/" + key, "total", "num", line.text(1));
              var doc = line.text(2);
              if (doc != null && doc.startsWith("{\"a\":\"")) {
                extra("row/" + key, "doc.a", "text", doc.substring(6, 7));
              } else if (doc != null && doc.startsWith("{\"a\":")) {
                extra("row/" + key, "doc.a", "num", doc.substring(5, 6));
              } else if (doc != null) {
                extra("row/" + key, "doc.b.c", "bool", "true");
              }
            });
    for (var line : lines("notes")) {
      var key = "#1-" + Ordinal.seq(line.born);
      all.add("entity row/" + key + " public.notes " + line.born);
      extra("row/" + key, "message", "text", line.text(0));
    }
  }

  private void extra(String entity, String key, String type, @Nullable String value) {
    if (value != null) {
      all.add("extra %s %s %s %s".formatted(entity, key, type, value));
    }
  }

  private void timeExtra(String entity, String key, @Nullable String value) {
    if (value != null && value.endsWith("infinity")) {
      extra(entity, key, "text", value);
    } else if (value != null) {
      extra(entity, key, "time", value.replace(' ', 'T').replace("+00", "Z"));
    }
  }

  /// What is stored, in the same words.
  static List<String> stored(ReadModels models) {
    var all = new ArrayList<String>();
    for (var query :
        List.of(
            """
            SELECT 'minute device/' || d.key || ' ' || k.key || ' '
              || to_char(m.bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
              || ' count=' || m.value_count || ' nan=' || m.nan_count || ' inf=' || m.inf_count
              || ' sum=' || m.value_sum || ' min=' || coalesce(m.value_min::text, 'null')
              || ' max=' || coalesce(m.value_max::text, 'null')
              || ' last=' || coalesce(m.value_last::text, 'null') || ' at=' AS words,
              m.last_at AS at, ' born=' || m.last_seq AS rest
            FROM analytics.metrics_min m JOIN analytics.series USING (series_id)
            JOIN analytics.devices d USING (model_id, device_id)
            JOIN analytics.metric_key k USING (metric_id)
            """,
            """
            SELECT 'device device/' || d.key || ' ' || d.name || ' ' || d.described || ' '
              || coalesce(s.key, 'null') AS words
            FROM analytics.devices d LEFT JOIN analytics.sites s USING (model_id, site_id)
            """,
            "SELECT 'site ' || key || ' ' || name AS words FROM analytics.sites",
            """
            SELECT 'session row/' || e.key || ' device/' || coalesce(d.key, 'null') || ' '
              || coalesce(i.state, 'null') || ' ' || coalesce(i.reason, 'null') || ' '
              || to_char(i.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || ' '
              || coalesce(to_char(i.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'null') AS words
            FROM analytics.session_intervals i
            JOIN analytics.entities e ON e.model_id = i.model_id AND e.entity_id = i.session_id
              AND e.table_name = i.table_name AND e.born = i.born
            LEFT JOIN analytics.devices d ON d.model_id = i.model_id AND d.device_id = i.device_id
            """,
            """
            SELECT 'entity ' || e.kind || '/' || e.key || ' ' || e.table_name
              || ' ' || e.born AS words
            FROM analytics.entities e
            """,
            """
            SELECT 'left out ' || table_name || ' ' || extras_left_out AS words
            FROM analytics.table_state WHERE extras_left_out <> 0
            """,
            """
            SELECT 'extra ' || e.kind || '/' || e.key || ' ' || x.key || ' '
              || x.type || ' ' || x.value AS words
            FROM (SELECT entity_id, key, 'text' AS type, value FROM analytics.extras_text
              UNION ALL SELECT entity_id, key, 'num', value::text FROM analytics.extras_num
              UNION ALL SELECT entity_id, key, 'bool', value::text FROM analytics.extras_bool
              UNION ALL SELECT entity_id, key, 'time',
                to_char(value AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
              FROM analytics.extras_time) x
            LEFT JOIN analytics.entities e USING (entity_id)
            """)) {
      for (var row : models.rows(query)) {
        var at = row.get("at");
        all.add(
            row.get("words")
                + (at == null
                    ? ""
                    : ((java.sql.Timestamp) at).toInstant().toString() + row.get("rest")));
      }
    }
    all.sort(Comparator.naturalOrder());
    return all;
  }
}
