package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;

/// What bronze and the read models have to hold, computed by plain SQL from the customer's tables
/// and from a journal of what was committed, and held against what they hold.
///
/// @param source the customer's database
/// @param platform the platform's, with a role that sees all
/// @param sourceId of the source as the platform knows it
/// @param tables of readings
record Oracle(Connection source, Connection platform, UUID sourceId, List<ChaosTable> tables) {
  private static final int SHOWN = 5;

  /// What was found.
  ///
  /// @param lost changes that are not in bronze
  /// @param doubled changes that bronze has more than once
  /// @param compared how many rows of read models were held against the source
  /// @param mismatched rows of read models that are not what the source says
  /// @param details some of each, in words
  record Findings(
      long events, long lost, long doubled, long compared, long mismatched, List<String> details) {
    boolean sound() {
      return lost == 0 && doubled == 0 && mismatched == 0;
    }
  }

  /// @param snapshotRows how many rows each table had when it was first read
  Findings compare(Map<String, Long> snapshotRows) throws SQLException {
    List<String> details = new ArrayList<>();
    Map<String, Long> committed = committed(snapshotRows);
    Map<String, Long> bronze =
        counts(
            platform,
            """
            SELECT table_name || ' ' || op, count(*) FROM bronze.cdc_events
            WHERE source_id = ?
              AND epoch = (SELECT epoch FROM control.checkpoint_source WHERE source_id = ?)
            GROUP BY 1
            """,
            sourceId,
            sourceId);
    long lost = 0;
    long doubled = 0;
    Set<String> keys = new HashSet<>(committed.keySet());
    keys.addAll(bronze.keySet());
    for (String key : keys) {
      long difference = bronze.getOrDefault(key, 0L) - committed.getOrDefault(key, 0L);
      lost += Math.max(0, -difference);
      doubled += Math.max(0, difference);
      if (difference != 0) {
        details.add(
            "%s: %d were committed, bronze has %d"
                .formatted(key, committed.getOrDefault(key, 0L), bronze.getOrDefault(key, 0L)));
      }
    }
    long events = bronze.values().stream().mapToLong(Long::longValue).sum();
    // One that is there twice has a number twice as well; it is one fault.
    Numbers numbers = numbers(details);
    lost = Math.max(lost, numbers.missing());
    doubled = Math.max(doubled, numbers.repeated());
    Map<String, String> minutes = expectedMinutes();
    Map<String, String> devices = expectedDevices();
    Map<String, String> extras = expectedExtras();
    long mismatched = differences("counted", committed, folded(), details);
    mismatched += differences("minute", minutes, minutes(), details);
    mismatched += differences("device", devices, devices(), details);
    mismatched += differences("extra", extras, extras(), details);
    Map<String, String> sessions = texts(source, ChaosSessions.expected());
    mismatched +=
        differences("session", sessions, texts(platform, ChaosSessions.shown(), sourceId), details);
    long compared =
        committed.size() + minutes.size() + devices.size() + extras.size() + sessions.size();
    long dead = number("SELECT count(*) FROM control.dead_letter WHERE source_id = ?");
    if (dead > 0) {
      details.add(dead + " dead letters");
    }
    return new Findings(events, lost, doubled, compared, mismatched + dead, details);
  }

  private Map<String, Long> committed(Map<String, Long> snapshotRows) throws SQLException {
    Map<String, Long> counts =
        counts(
            source,
            "SELECT table_name || ' ' || op, sum(rows)::bigint FROM journal.change GROUP BY 1");
    snapshotRows.forEach((table, rows) -> counts.put(table + " read", rows));
    return counts;
  }

  /// @param missing numbers of an epoch that no event has
  /// @param repeated events beyond the first of their number
  private record Numbers(long missing, long repeated) {}

  private Numbers numbers(List<String> details) throws SQLException {
    long missing = 0;
    long repeated = 0;
    try (PreparedStatement statement =
        platform.prepareStatement(
            """
            SELECT epoch, count(*), count(DISTINCT seq), coalesce(max(seq), 0)
            FROM bronze.cdc_events WHERE source_id = ? GROUP BY epoch
            """)) {
      statement.setObject(1, sourceId);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          missing += row.getLong(4) - row.getLong(3);
          repeated += row.getLong(2) - row.getLong(3);
          if (row.getLong(2) != row.getLong(3) || row.getLong(3) != row.getLong(4)) {
            details.add(
                "epoch %d has %d events of %d numbers up to %d"
                    .formatted(row.getInt(1), row.getLong(2), row.getLong(3), row.getLong(4)));
          }
        }
      }
    }
    return new Numbers(missing, repeated);
  }

  private Map<String, Long> folded() throws SQLException {
    return counts(
        platform,
        """
        SELECT t.table_name || ' ' || o.op, o.n
        FROM analytics.table_state t
        JOIN analytics.model m ON m.model_id = t.model_id AND m.state = 'live'
        CROSS JOIN LATERAL (VALUES ('read', reads), ('insert', inserts), ('update', updates),
          ('delete', deletes), ('truncate', truncates)) AS o (op, n)
        WHERE t.source_id = ? AND o.n > 0
        """,
        sourceId);
  }

  private List<String> metrics() {
    return tables.stream()
        .flatMap(table -> List.of(table.pressure(), table.flow()).stream())
        .toList();
  }

  private Map<String, String> expectedMinutes() throws SQLException {
    String readings =
        tables.stream()
            .flatMap(
                table ->
                    List.of(table.pressure(), table.flow()).stream()
                        .map(
                            metric ->
                                "SELECT asset_id, read_at, '%s' AS metric, %s::text::numeric AS v FROM %s"
                                    .formatted(metric, metric, table.qualified())))
            .collect(Collectors.joining(" UNION ALL "));
    return texts(
        source,
        """
        SELECT format('%%s %%s %%s', asset_id, metric,
            extract(epoch FROM date_trunc('minute', read_at))::bigint),
          format('%%s values, %%s nan, %%s inf, sum %%s, min %%s, max %%s, last %%s',
            count(*) FILTER (WHERE finite), count(*) FILTER (WHERE v = 'NaN'),
            count(*) FILTER (WHERE v IN ('Infinity', '-Infinity')),
            coalesce(trim_scale(sum(v) FILTER (WHERE finite)), 0),
            trim_scale(min(v) FILTER (WHERE finite)), trim_scale(max(v) FILTER (WHERE finite)),
            trim_scale((array_agg(v ORDER BY read_at DESC) FILTER (WHERE finite))[1]))
        FROM (SELECT *, v NOT IN ('NaN', 'Infinity', '-Infinity') AS finite FROM (%s) all_readings
              WHERE v IS NOT NULL) readings
        GROUP BY 1
        """
            .formatted(readings));
  }

  private Map<String, String> minutes() throws SQLException {
    return texts(
        platform,
        """
        SELECT format('%s %s %s', d.key, k.key, extract(epoch FROM x.bucket)::bigint),
          format('%s values, %s nan, %s inf, sum %s, min %s, max %s, last %s',
            x.value_count, x.nan_count, x.inf_count, trim_scale(x.value_sum),
            trim_scale(x.value_min), trim_scale(x.value_max), trim_scale(x.value_last))
        FROM analytics.model m
        JOIN analytics.series s ON s.model_id = m.model_id
        JOIN analytics.metric_key k ON k.metric_id = s.metric_id
        JOIN analytics.devices d ON d.model_id = s.model_id AND d.device_id = s.device_id
        JOIN analytics.metrics_min x ON x.series_id = s.series_id
        WHERE m.source_id = ? AND m.state = 'live' AND k.key = ANY (?)
        """,
        sourceId,
        metrics().toArray(String[]::new));
  }

  private Map<String, String> expectedDevices() throws SQLException {
    return texts(
        source,
        """
        SELECT a.asset_id::text, format('%s at %s', a.name, s.name)
        FROM plant.asset a JOIN plant.site s USING (site_id)
        """);
  }

  private Map<String, String> devices() throws SQLException {
    return texts(
        platform,
        """
        SELECT d.key, format('%s at %s', d.name, s.name)
        FROM analytics.model m
        JOIN analytics.devices d ON d.model_id = m.model_id
        LEFT JOIN analytics.sites s ON s.model_id = d.model_id AND s.site_id = d.site_id
        WHERE m.source_id = ? AND m.state = 'live'
        """,
        sourceId);
  }

  /// What an asset's own row says, and the note of its newest reading in each table: some are so
  /// long that the source's log leaves them out where they did not change.
  private Map<String, String> expectedExtras() throws SQLException {
    Map<String, String> expected = new HashMap<>(expectedOwnExtras());
    for (ChaosTable table : tables) {
      expected.putAll(
          texts(
              source,
              """
                SELECT format('%%s plant\\.reading_%1$s:note', asset_id), note
                FROM (SELECT DISTINCT ON (asset_id) asset_id, note FROM plant.reading_%1$s
                      ORDER BY asset_id, read_at DESC) newest
                WHERE note IS NOT NULL
                """
                  .formatted(table.kind().place)));
    }
    return expected;
  }

  private Map<String, String> expectedOwnExtras() throws SQLException {
    return texts(
        source,
        """
        SELECT format('%s %s', asset_id, e.key), e.value
        FROM plant.asset CROSS JOIN LATERAL (VALUES
          ('remark', remark), ('rating', trim_scale(rating)::text), ('approved', approved::text),
          ('built_at', extract(epoch FROM built_at)::bigint::text)) AS e (key, value)
        WHERE e.value IS NOT NULL
        """);
  }

  private Map<String, String> extras() throws SQLException {
    return texts(
        platform,
        """
        SELECT format('%s %s', d.key, e.key), e.value
        FROM analytics.model m
        JOIN analytics.devices d ON d.model_id = m.model_id
        JOIN (
          SELECT model_id, entity_id, key, value FROM analytics.extras_text
          UNION ALL SELECT model_id, entity_id, key, trim_scale(value)::text FROM analytics.extras_num
          UNION ALL SELECT model_id, entity_id, key, value::text FROM analytics.extras_bool
          UNION ALL SELECT model_id, entity_id, key, extract(epoch FROM value)::bigint::text
          FROM analytics.extras_time
        ) e ON e.model_id = d.model_id AND e.entity_id = d.device_id
        WHERE m.source_id = ? AND m.state = 'live'
          AND (e.key IN ('remark', 'rating', 'approved', 'built_at')
            OR right(e.key, 5) = ':note')
        """,
        sourceId);
  }

  private static <V> long differences(
      String what, Map<String, V> expected, Map<String, V> actual, List<String> details) {
    Set<String> keys = new HashSet<>(expected.keySet());
    keys.addAll(actual.keySet());
    long different = 0;
    for (String key : keys.stream().sorted().toList()) {
      V wanted = expected.get(key);
      V found = actual.get(key);
      if (wanted == null || !wanted.equals(found)) {
        different++;
        if (different <= SHOWN) {
          details.add("%s %s: the source says %s, it is %s".formatted(what, key, wanted, found));
        }
      }
    }
    return different;
  }

  private long number(String sql) throws SQLException {
    try (PreparedStatement statement = platform.prepareStatement(sql)) {
      statement.setObject(1, sourceId);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }
  }

  private static Map<String, Long> counts(Connection connection, String sql, Object... parameters)
      throws SQLException {
    Map<String, Long> counts = new TreeMap<>();
    texts(connection, sql, parameters).forEach((key, n) -> counts.put(key, Long.parseLong(n)));
    return counts;
  }

  private static Map<String, String> texts(Connection connection, String sql, Object... parameters)
      throws SQLException {
    Map<String, String> texts = new HashMap<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(
            i + 1,
            parameters[i] instanceof String[] names
                ? connection.createArrayOf("text", names)
                : parameters[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          texts.put(row.getString(1), String.valueOf(row.getString(2)));
        }
      }
    }
    return texts;
  }
}
