package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/// The statements on entities, sites and devices: one for all rows of a batch, sorted by id.
final class Things {
  private static final String LOAD_DEVICES =
      """
      SELECT device_id, name, kind, described, placed, site_id
      FROM analytics.devices
      WHERE model_id = ?::int AND device_id = ANY (?::uuid[])
      """;

  private static final String ADD_ENTITIES =
      """
      INSERT INTO analytics.entities
        (tenant_id, source_id, model_id, entity_id, table_name, key, kind, born)
      SELECT ?::uuid, ?::uuid, ?::int, id, table_name, key, kind, born
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::bigint[])
        AS added (id, table_name, key, kind, born)
      ON CONFLICT (model_id, entity_id) DO NOTHING
      RETURNING entity_id
      """;

  private static final String TABLES =
      """
      SELECT entity_id, table_name FROM analytics.entities
      WHERE model_id = ?::int AND entity_id = ANY (?::uuid[])
      """;

  private static final String PUT_ENTITIES =
      """
      INSERT INTO analytics.entities
        (tenant_id, source_id, model_id, entity_id, table_name, key, kind, born)
      SELECT ?::uuid, ?::uuid, ?::int, id, table_name, key, kind, born
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::bigint[])
        AS put (id, table_name, key, kind, born)
      ON CONFLICT (model_id, entity_id) DO UPDATE
      SET table_name = excluded.table_name, born = excluded.born
      """;

  private static final String ADD_SITES =
      """
      INSERT INTO analytics.sites (tenant_id, source_id, model_id, site_id, key, name)
      SELECT ?::uuid, ?::uuid, ?::int, id, key, name
      FROM unnest(?::uuid[], ?::text[], ?::text[]) AS added (id, key, name)
      ON CONFLICT (model_id, site_id) DO NOTHING
      """;

  private static final String PUT_SITES =
      """
      INSERT INTO analytics.sites (tenant_id, source_id, model_id, site_id, key, name)
      SELECT ?::uuid, ?::uuid, ?::int, id, key, name
      FROM unnest(?::uuid[], ?::text[], ?::text[]) AS put (id, key, name)
      ON CONFLICT (model_id, site_id) DO UPDATE SET name = excluded.name
      """;

  private static final String PUT_DEVICES =
      """
      INSERT INTO analytics.devices
        (tenant_id, source_id, model_id, device_id, site_id, key, name, kind, described, placed)
      SELECT ?::uuid, ?::uuid, ?::int, id, site_id, key, name, kind, described, placed
      FROM unnest(
          ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::boolean[], ?::boolean[])
        AS put (id, site_id, key, name, kind, described, placed)
      ON CONFLICT (model_id, device_id) DO UPDATE
      SET site_id = excluded.site_id, name = excluded.name, kind = excluded.kind,
        described = excluded.described, placed = excluded.placed
      """;

  /// Sites that no row describes and no device is at.
  private static final String FORSAKEN =
      """
      SELECT wanted.id
      FROM unnest(?::uuid[]) AS wanted (id)
      WHERE NOT EXISTS (
          SELECT FROM analytics.devices d WHERE d.model_id = ? AND d.site_id = wanted.id)
        AND NOT EXISTS (
          SELECT FROM analytics.entities e
          WHERE e.model_id = ? AND e.entity_id = wanted.id AND e.table_name <> '')
      """;

  /// @param table empty if no row describes it
  /// @param born of the row that describes it, 0 if none does
  record EntityRow(UUID id, String table, String key, String kind, long born) {}

  record SiteRow(UUID id, String key, String name) {}

  private final Connection connection;
  private final SourceModel model;

  Things(Connection connection, SourceModel model) {
    this.connection = connection;
    this.model = model;
  }

  /// Those of the batch that are not known yet.
  void load(List<Device> devices) throws SQLException {
    var byId = new HashMap<UUID, Device>();
    for (var device : devices) {
      if (!device.loaded) {
        byId.put(device.id, device);
      }
    }
    if (byId.isEmpty()) {
      return;
    }
    try (var load = connection.prepareStatement(LOAD_DEVICES)) {
      load.setInt(1, model.id);
      load.setString(2, RowStates.ids(byId.keySet()));
      try (var rows = load.executeQuery()) {
        while (rows.next()) {
          var device = byId.get(rows.getObject(1, UUID.class));
          if (device != null) {
            device.stored = true;
            device.name = rows.getString(2);
            device.shownKind = rows.getString(3);
            device.described = rows.getBoolean(4);
            device.placed = rows.getBoolean(5);
            device.siteId = rows.getObject(6, UUID.class);
          }
        }
      }
    }
    byId.values().forEach(device -> device.loaded = true);
  }

  /// Adds those that are not there.
  ///
  /// @return which were not
  Set<UUID> add(List<EntityRow> entities) throws SQLException {
    var fresh = new HashSet<UUID>();
    if (entities.isEmpty()) {
      return fresh;
    }
    try (var statement = connection.prepareStatement(ADD_ENTITIES)) {
      set(statement, arrays(entities));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          fresh.add(rows.getObject(1, UUID.class));
        }
      }
    }
    return fresh;
  }

  /// Whose rows describe these entities so far; those that are not there are not in it.
  Map<UUID, String> tables(Collection<UUID> entities) throws SQLException {
    var tables = new HashMap<UUID, String>();
    if (entities.isEmpty()) {
      return tables;
    }
    try (var find = connection.prepareStatement(TABLES)) {
      find.setInt(1, model.id);
      find.setString(2, RowStates.ids(entities));
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          tables.put(rows.getObject(1, UUID.class), rows.getString(2));
        }
      }
    }
    return tables;
  }

  void put(List<EntityRow> entities) throws SQLException {
    if (!entities.isEmpty()) {
      execute(PUT_ENTITIES, arrays(entities));
    }
  }

  private static ArrayText[] arrays(List<EntityRow> entities) {
    entities.sort(Comparator.comparing(EntityRow::id));
    var count = entities.size();
    var ids = new ArrayText(count, 33);
    var tables = new ArrayText(count, 24);
    var keys = new ArrayText(count, 16);
    var kinds = new ArrayText(count, 9);
    var born = new ArrayText(count, 16);
    for (var entity : entities) {
      ids.add(entity.id);
      tables.add(entity.table);
      keys.add(entity.key);
      kinds.add(entity.kind);
      born.add(entity.born);
    }
    return new ArrayText[] {ids, tables, keys, kinds, born};
  }

  void addSites(List<SiteRow> sites) throws SQLException {
    sites(ADD_SITES, sites);
  }

  void putSites(List<SiteRow> sites) throws SQLException {
    sites(PUT_SITES, sites);
  }

  private void sites(String sql, List<SiteRow> sites) throws SQLException {
    if (sites.isEmpty()) {
      return;
    }
    sites.sort(Comparator.comparing(SiteRow::id));
    var ids = new ArrayText(sites.size(), 33);
    var keys = new ArrayText(sites.size(), 16);
    var names = new ArrayText(sites.size(), 24);
    for (var site : sites) {
      ids.add(site.id);
      keys.add(site.key);
      names.add(site.name);
    }
    execute(sql, ids, keys, names);
  }

  void putDevices(List<Device> devices) throws SQLException {
    if (devices.isEmpty()) {
      return;
    }
    devices.sort(Comparator.comparing((Device device) -> device.id));
    var count = devices.size();
    var ids = new ArrayText(count, 33);
    var sites = new ArrayText(count, 33);
    var keys = new ArrayText(count, 16);
    var names = new ArrayText(count, 24);
    var kinds = new ArrayText(count, 12);
    var described = new ArrayText(count, 2);
    var placed = new ArrayText(count, 2);
    for (var device : devices) {
      ids.add(device.id);
      sites.add(device.siteId);
      keys.add(device.key);
      names.add(device.name);
      kinds.add(device.shownKind);
      described.add(device.described);
      placed.add(device.placed);
    }
    execute(PUT_DEVICES, ids, sites, keys, names, kinds, described, placed);
  }

  List<UUID> forsakenSites(Collection<UUID> sites) throws SQLException {
    var forsaken = new ArrayList<UUID>();
    if (sites.isEmpty()) {
      return forsaken;
    }
    try (var find = connection.prepareStatement(FORSAKEN)) {
      find.setString(1, RowStates.ids(sites));
      find.setInt(2, model.id);
      find.setInt(3, model.id);
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          forsaken.add(rows.getObject(1, UUID.class));
        }
      }
    }
    return forsaken;
  }

  void deleteEntities(Collection<UUID> ids) throws SQLException {
    delete(
        "DELETE FROM analytics.entities WHERE model_id = ? AND entity_id = ANY (?::uuid[])", ids);
  }

  void deleteDevices(Collection<UUID> ids) throws SQLException {
    delete("DELETE FROM analytics.devices WHERE model_id = ? AND device_id = ANY (?::uuid[])", ids);
  }

  void deleteSites(Collection<UUID> ids) throws SQLException {
    delete("DELETE FROM analytics.sites WHERE model_id = ? AND site_id = ANY (?::uuid[])", ids);
  }

  private void delete(String sql, Collection<UUID> ids) throws SQLException {
    if (ids.isEmpty()) {
      return;
    }
    try (var delete = connection.prepareStatement(sql)) {
      delete.setInt(1, model.id);
      delete.setString(2, RowStates.ids(ids));
      delete.executeUpdate();
    }
  }

  private void execute(String sql, ArrayText... arrays) throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      set(statement, arrays);
      statement.executeUpdate();
    }
  }

  /// With tenant, source and model in front.
  private void set(PreparedStatement statement, ArrayText... arrays) throws SQLException {
    statement.setString(1, model.tenant.toString());
    statement.setString(2, model.source.toString());
    statement.setInt(3, model.id);
    for (var i = 0; i < arrays.length; i++) {
      statement.setString(4 + i, arrays[i].end());
    }
  }
}
