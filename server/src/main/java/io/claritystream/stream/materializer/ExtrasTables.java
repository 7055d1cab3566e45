package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.UUID;

/// Writes extras. A key of an entity has one type at a time: whoever may have a row of another
/// type loses it first.
final class ExtrasTables {
  private record Key(UUID entityId, String key) {}

  private final Connection connection;
  private final SourceModel model;

  ExtrasTables(Connection connection, SourceModel model) {
    this.connection = connection;
    this.model = model;
  }

  /// @param writes sorted, one a key of an entity
  void write(List<ExtraWrite> writes) throws SQLException {
    for (var type : ExtraType.values()) {
      var sweeps = new ArrayList<ExtraWrite>();
      for (var write : writes) {
        if (write.otherTypes && write.type != type) {
          sweeps.add(write);
        }
      }
      delete(type, sweeps);
    }
    for (var type : ExtraType.values()) {
      var changed = new ArrayList<ExtraWrite>();
      var perhaps = new ArrayList<ExtraWrite>();
      for (var write : writes) {
        if (write.type == type) {
          (write.changed ? changed : perhaps).add(write);
        }
      }
      put(type, changed, "");
      // As text, because 1.10 and 1.1 are equal numbers.
      put(type, perhaps, " WHERE extras.value::text IS DISTINCT FROM excluded.value::text");
    }
  }

  private void delete(ExtraType type, List<ExtraWrite> sweeps) throws SQLException {
    if (sweeps.isEmpty()) {
      return;
    }
    var byKey = new HashMap<Key, ExtraWrite>();
    var ids = new ArrayText(sweeps.size(), 33);
    var keys = new ArrayText(sweeps.size(), 24);
    for (var sweep : sweeps) {
      byKey.put(new Key(sweep.entityId, sweep.key), sweep);
      ids.add(sweep.entityId);
      keys.add(sweep.key);
    }
    var sql =
        """
        DELETE FROM %s AS extras
        USING unnest(?::uuid[], ?::text[]) AS gone (entity_id, key)
        WHERE extras.model_id = ?::int
          AND extras.entity_id = gone.entity_id
          AND extras.key = gone.key
        RETURNING extras.entity_id, extras.key
        """
            .formatted(type.table);
    try (var delete = connection.prepareStatement(sql)) {
      delete.setString(1, ids.end());
      delete.setString(2, keys.end());
      delete.setInt(3, model.id);
      try (var rows = delete.executeQuery()) {
        while (rows.next()) {
          var sweep = byKey.get(new Key(rows.getObject(1, UUID.class), rows.getString(2)));
          if (sweep != null) {
            sweep.changed = true;
          }
        }
      }
    }
  }

  private void put(ExtraType type, List<ExtraWrite> writes, String condition) throws SQLException {
    if (writes.isEmpty()) {
      return;
    }
    var ids = new ArrayText(writes.size(), 33);
    var keys = new ArrayText(writes.size(), 24);
    var values = new ArrayText(writes.size(), 24);
    var seqs = new ArrayText(writes.size(), 16);
    for (var write : writes) {
      ids.add(write.entityId);
      keys.add(write.key);
      values.add(write.value);
      seqs.add(write.seq);
    }
    var sql =
        """
        INSERT INTO %s AS extras (tenant_id, model_id, entity_id, key, value, value_seq)
        SELECT ?::uuid, ?::int, entity_id, key, value, value_seq
        FROM unnest(?::uuid[], ?::text[], ?::%s[], ?::bigint[])
          AS put (entity_id, key, value, value_seq)
        ON CONFLICT (model_id, entity_id, key) DO UPDATE
        SET value = excluded.value, value_seq = excluded.value_seq%s
        """
            .formatted(type.table, type.sqlType, condition);
    try (var put = connection.prepareStatement(sql)) {
      put.setString(1, model.tenant.toString());
      put.setInt(2, model.id);
      put.setString(3, ids.end());
      put.setString(4, keys.end());
      put.setString(5, values.end());
      put.setString(6, seqs.end());
      put.executeUpdate();
    }
  }
}
