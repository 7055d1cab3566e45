package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Reads and writes extras. A key of an entity has one type at a time. Whoever asks for a change
/// knows what is stored, so nothing is written that is there already.
final class ExtrasTables {
  private static final String LOAD =
      """
      SELECT entity_id, key, 'TEXT', value FROM analytics.extras_text
      WHERE model_id = ? AND entity_id = ANY (?::uuid[])
      UNION ALL
      SELECT entity_id, key, 'NUM', value::text FROM analytics.extras_num
      WHERE model_id = ? AND entity_id = ANY (?::uuid[])
      UNION ALL
      SELECT entity_id, key, 'BOOL', CASE WHEN value THEN 't' ELSE 'f' END
      FROM analytics.extras_bool
      WHERE model_id = ? AND entity_id = ANY (?::uuid[])
      UNION ALL
      SELECT entity_id, key, 'TIME', (extract(epoch FROM value) * 1000000)::bigint::text
      FROM analytics.extras_time
      WHERE model_id = ? AND entity_id = ANY (?::uuid[])
      """;

  private record Put(UUID entityId, String key, String value) {}

  private record Gone(UUID entityId, String key) {}

  private final Connection connection;
  private final SourceModel model;
  private final Map<ExtraType, List<Put>> puts = new HashMap<>();
  private final Map<ExtraType, List<Gone>> gone = new HashMap<>();
  private final ExtraCounts counts = new ExtraCounts();

  ExtrasTables(Connection connection, SourceModel model) {
    this.connection = connection;
    this.model = model;
  }

  /// All extras that are stored of these entities, by entity and key.
  Map<UUID, Map<String, Texts.Typed>> load(Collection<UUID> entities) throws SQLException {
    var loaded = new HashMap<UUID, Map<String, Texts.Typed>>();
    if (entities.isEmpty()) {
      return loaded;
    }
    var ids = RowStates.ids(entities);
    try (var load = connection.prepareStatement(LOAD)) {
      for (var i = 0; i < ExtraType.values().length; i++) {
        load.setInt(2 * i + 1, model.id);
        load.setString(2 * i + 2, ids);
      }
      try (var rows = load.executeQuery()) {
        while (rows.next()) {
          var type = ExtraType.valueOf(rows.getString(3));
          var text = rows.getString(4);
          var value = type == ExtraType.TIME ? Texts.moment(Long.parseLong(text)) : text;
          loaded
              .computeIfAbsent(rows.getObject(1, UUID.class), id -> new HashMap<>())
              .put(rows.getString(2), new Texts.Typed(type, value));
        }
      }
    }
    return loaded;
  }

  /// Makes of the stored extras of an entity those that it has now.
  ///
  /// @param whose which of the stored ones are in question
  /// @param tableBefore whose row said what is stored
  /// @param table whose row says what is now
  void replace(
      UUID entity,
      Map<String, Texts.Typed> stored,
      Predicate<String> whose,
      Map<String, Texts.Typed> now,
      String tableBefore,
      String table) {
    var sameTable = table.equals(tableBefore);
    stored.forEach(
        (key, value) -> {
          if (!whose.test(key)) {
            return;
          }
          var next = now.get(key);
          var sameType = next != null && next.type() == value.type();
          if (!sameType) {
            remove(entity, key, value.type());
          }
          if (!sameType || !sameTable) {
            counts.remove(tableBefore, key, value.type());
          }
        });
    now.forEach(
        (key, value) -> {
          var before = stored.get(key);
          if (!value.equals(before)) {
            put(entity, key, value);
          }
          if (before == null || before.type() != value.type() || !sameTable) {
            counts.add(table, key, value.type());
          }
        });
  }

  /// Gives a key of an entity a value instead of the one before.
  ///
  /// @param before the type of that; null if there is none
  void put(UUID entity, String table, String key, @Nullable ExtraType before, Texts.Typed value) {
    if (before != value.type()) {
      if (before != null) {
        removeFrom(entity, table, key, before);
      }
      counts.add(table, key, value.type());
    }
    put(entity, key, value);
  }

  /// Takes a key's value away from an entity.
  void removeFrom(UUID entity, String table, String key, ExtraType type) {
    remove(entity, key, type);
    counts.remove(table, key, type);
  }

  private void put(UUID entity, String key, Texts.Typed value) {
    puts.computeIfAbsent(value.type(), type -> new ArrayList<>())
        .add(new Put(entity, key, value.text()));
  }

  private void remove(UUID entity, String key, ExtraType type) {
    gone.computeIfAbsent(type, any -> new ArrayList<>()).add(new Gone(entity, key));
  }

  void write() throws SQLException {
    for (var type : ExtraType.values()) {
      delete(type, gone.getOrDefault(type, List.of()));
      put(type, puts.getOrDefault(type, List.of()));
    }
    counts.write(connection, model);
  }

  /// Of entities that are no more.
  void deleteAll(Collection<UUID> entities) throws SQLException {
    if (entities.isEmpty()) {
      return;
    }
    var ids = RowStates.ids(entities);
    for (var type : ExtraType.values()) {
      try (var delete =
          connection.prepareStatement(
              "DELETE FROM analytics.extras_%s WHERE model_id = ? AND entity_id = ANY (?::uuid[])"
                  .formatted(type.table))) {
        delete.setInt(1, model.id);
        delete.setString(2, ids);
        delete.executeUpdate();
      }
    }
  }

  private void delete(ExtraType type, List<Gone> keys) throws SQLException {
    if (keys.isEmpty()) {
      return;
    }
    var ids = new ArrayText(keys.size(), 33);
    var names = new ArrayText(keys.size(), 24);
    for (var key : keys) {
      ids.add(key.entityId);
      names.add(key.key);
    }
    var sql =
        """
        DELETE FROM analytics.extras_%s AS extras
        USING unnest(?::uuid[], ?::text[]) AS gone (entity_id, key)
        WHERE extras.model_id = ?
          AND extras.entity_id = gone.entity_id
          AND extras.key = gone.key
        """
            .formatted(type.table);
    try (var delete = connection.prepareStatement(sql)) {
      delete.setString(1, ids.end());
      delete.setString(2, names.end());
      delete.setInt(3, model.id);
      delete.executeUpdate();
    }
  }

  private void put(ExtraType type, List<Put> values) throws SQLException {
    if (values.isEmpty()) {
      return;
    }
    values.sort(Comparator.comparing((Put put) -> put.entityId).thenComparing(put -> put.key));
    var ids = new ArrayText(values.size(), 33);
    var keys = new ArrayText(values.size(), 24);
    var texts = new ArrayText(values.size(), 24);
    for (var value : values) {
      ids.add(value.entityId);
      keys.add(value.key);
      texts.add(value.value);
    }
    var sql =
        """
        INSERT INTO analytics.extras_%s AS extras (tenant_id, model_id, entity_id, key, value)
        SELECT ?::uuid, ?::int, entity_id, key, value
        FROM unnest(?::uuid[], ?::text[], ?::%s[]) AS put (entity_id, key, value)
        ON CONFLICT (model_id, entity_id, key) DO UPDATE SET value = excluded.value
        """
            .formatted(type.table, type.sqlType);
    try (var put = connection.prepareStatement(sql)) {
      put.setString(1, model.tenant.toString());
      put.setInt(2, model.id);
      put.setString(3, ids.end());
      put.setString(4, keys.end());
      put.setString(5, texts.end());
      put.executeUpdate();
    }
  }
}
