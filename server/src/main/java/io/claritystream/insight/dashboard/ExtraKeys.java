package io.claritystream.insight.dashboard;

import io.claritystream.base.http.PageRequest;
import io.claritystream.protocol.text.ShortText;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/// Reads the keys that the extras of each table have, with how many entities have a value of which
/// type. Materializing keeps the counts, so that a page costs the same whatever a tenant has.
final class ExtraKeys {
  /// How many entities are named of each type.
  static final int EXAMPLES_MAX = 3;

  /// Of a key that other tables have too, so many values are looked through for the table's own.
  static final int LOOKED_MAX = 2_000;

  private static final int SAMPLE_CHARS_MAX = 200;

  /// @param table whose rows say the values: for a key that begins with it, those of readings
  /// @param entities by type, how many have a value of it; types that none has are not in it
  record Key(int model, UUID sourceId, String table, String key, Map<ExtraType, Long> entities) {}

  /// A value, and what it is of.
  record Example(UUID entityId, Object value) {}

  /// Which keys are wanted; null means any.
  record Filter(@Nullable UUID source, @Nullable String table, @Nullable String prefix) {}

  /// Where a page begins: behind this key.
  record After(UUID source, String table, String key) {}

  private static final String PAGE =
      """
      SELECT m.source_id, m.model_id, counted.table_name, counted.key, counted.texts, counted.nums,
        counted.bools, counted.times
      FROM analytics.model m
      CROSS JOIN LATERAL (
        SELECT t.table_name, t.key, t.texts, t.nums, t.bools, t.times
        FROM analytics.extras_type t
        WHERE t.model_id = m.model_id AND {mixed}
          AND (CAST(:table AS text) IS NULL OR t.table_name = CAST(:table AS text))
          AND (CAST(:prefix AS text) IS NULL OR starts_with(t.key, CAST(:prefix AS text)))
          AND (CAST(:after_source AS uuid) IS NULL
            OR m.source_id > CAST(:after_source AS uuid)
            OR (t.table_name, t.key) > (CAST(:after_table AS text), CAST(:after_key AS text)))
        ORDER BY t.table_name, t.key
        LIMIT :rows
      ) counted
      WHERE m.model_id = ANY ((SELECT analytics.live_models())::int[])
        AND (CAST(:source AS uuid) IS NULL OR m.source_id = CAST(:source AS uuid))
        AND (CAST(:after_source AS uuid) IS NULL OR m.source_id >= CAST(:after_source AS uuid))
      ORDER BY m.source_id, counted.table_name, counted.key
      LIMIT :rows
      """;

  private static final String ALL = PAGE.replace("{mixed}", "true");
  static final String MIXED = PAGE.replace("{mixed}", "t.mixed");

  private static final String MIXED_OF_ENTITY =
      """
      SELECT e.source_id, e.model_id, t.table_name, t.key, t.texts, t.nums, t.bools, t.times,
        t.table_name = e.table_name AS own
      FROM analytics.entities e
      JOIN analytics.extras_type t ON t.model_id = e.model_id AND t.mixed AND t.key = ANY (:keys)
      WHERE e.entity_id = :entity
      ORDER BY t.key
      """;

  /// Of these keys, in how many tables each type occurs.
  private static final String TABLES_OF_KEYS =
      """
      SELECT t.model_id, t.key, count(*) FILTER (WHERE t.texts > 0) AS texts,
        count(*) FILTER (WHERE t.nums > 0) AS nums, count(*) FILTER (WHERE t.bools > 0) AS bools,
        count(*) FILTER (WHERE t.times > 0) AS times
      FROM analytics.extras_type t
      WHERE t.model_id = ANY (:models) AND t.key = ANY (:keys)
      GROUP BY t.model_id, t.key
      """;

  private ExtraKeys() {}

  /// All keys, by source, table and key.
  static List<Key> all(JdbcClient sql, Filter filter, @Nullable After after, PageRequest page) {
    return page(sql, ALL, filter, after, page);
  }

  /// Those with values of several types.
  static List<Key> mixed(JdbcClient sql, Filter filter, @Nullable After after, PageRequest page) {
    return page(sql, MIXED, filter, after, page);
  }

  private static List<Key> page(
      JdbcClient client, String sql, Filter filter, @Nullable After after, PageRequest page) {
    return client
        .sql(sql)
        .param("source", filter.source())
        .param("table", filter.table())
        .param("prefix", filter.prefix())
        .param("after_source", after == null ? null : after.source())
        .param("after_table", after == null ? null : after.table())
        .param("after_key", after == null ? null : after.key())
        .param("rows", page.rows())
        .query((row, number) -> key(row))
        .list();
  }

  /// Of an entity's keys, those that have values of several types in the table that says them.
  static List<Key> mixedOf(JdbcClient sql, UUID entity, Set<String> keys) {
    var found = new ArrayList<Key>();
    sql.sql(MIXED_OF_ENTITY)
        .param("entity", entity)
        .param("keys", keys.toArray(String[]::new))
        .query(
            row -> {
              if (row.getBoolean("own") || isOfReadings(row.getString("key"))) {
                found.add(key(row));
              }
            });
    return found;
  }

  /// Whether a key begins with the table of the readings that it is from, and a colon: within a
  /// name, one follows a backslash.
  static boolean isOfReadings(String key) {
    for (var i = 0; i < key.length(); i++) {
      if (key.charAt(i) == '\\') {
        i++;
      } else if (key.charAt(i) == ':') {
        return true;
      }
    }
    return false;
  }

  /// The first values of each key and type, by value. Where other tables have the key too, there
  /// may be fewer, or none: [#LOOKED_MAX].
  static Map<Key, Map<ExtraType, List<Example>>> examples(JdbcClient sql, List<Key> keys) {
    var examples = new HashMap<Key, Map<ExtraType, List<Example>>>();
    keys.forEach(key -> examples.put(key, new EnumMap<>(ExtraType.class)));
    var shared = sharedTypes(sql, keys);
    for (var type : ExtraType.values()) {
      var numbers = new ArrayList<Integer>();
      for (var i = 0; i < keys.size(); i++) {
        if (keys.get(i).entities().containsKey(type)) {
          numbers.add(i);
        }
      }
      if (numbers.isEmpty()) {
        continue;
      }
      sql.sql(type.firstOfKeys)
          .param("numbers", numbers.toArray(Integer[]::new))
          .param("models", numbers.stream().map(i -> keys.get(i).model()).toArray(Integer[]::new))
          .param("keys", numbers.stream().map(i -> keys.get(i).key()).toArray(String[]::new))
          .param(
              "tables",
              numbers.stream()
                  .map(
                      i ->
                          shared.contains(new Typed(keys.get(i), type))
                              ? keys.get(i).table()
                              : null)
                  .toArray(String[]::new))
          .param("looked", LOOKED_MAX)
          .param("each", EXAMPLES_MAX)
          .query(
              row -> {
                examples
                    .get(keys.get(row.getInt("number")))
                    .computeIfAbsent(type, each -> new ArrayList<>())
                    .add(
                        new Example(
                            row.getObject("entity_id", UUID.class),
                            shortened(Extras.value(row, type, "value"))));
              });
    }
    return examples;
  }

  private record Typed(Key key, ExtraType type) {}

  /// Those of which another table has values too, so that the key alone does not tell whose they
  /// are.
  private static Set<Typed> sharedTypes(JdbcClient sql, List<Key> keys) {
    var tables = new HashMap<List<Object>, Map<ExtraType, Long>>();
    sql.sql(TABLES_OF_KEYS)
        .param("models", keys.stream().map(Key::model).distinct().toArray(Integer[]::new))
        .param("keys", keys.stream().map(Key::key).distinct().toArray(String[]::new))
        .query(
            row -> {
              tables.put(List.of(row.getInt("model_id"), row.getString("key")), counts(row));
            });
    var shared = new HashSet<Typed>();
    for (var key : keys) {
      tables
          .getOrDefault(List.of(key.model(), key.key()), Map.of())
          .forEach(
              (type, count) -> {
                if (count > 1) {
                  shared.add(new Typed(key, type));
                }
              });
    }
    return shared;
  }

  private static Object shortened(Object value) {
    return value instanceof String text ? ShortText.of(text, SAMPLE_CHARS_MAX) : value;
  }

  private static Key key(ResultSet row) throws SQLException {
    return new Key(
        row.getInt("model_id"),
        row.getObject("source_id", UUID.class),
        row.getString("table_name"),
        row.getString("key"),
        counts(row));
  }

  private static Map<ExtraType, Long> counts(ResultSet row) throws SQLException {
    var counts = new EnumMap<ExtraType, Long>(ExtraType.class);
    for (var type : ExtraType.values()) {
      var count = row.getLong(type.key() + "s");
      if (count > 0) {
        counts.put(type, count);
      }
    }
    return counts;
  }
}
