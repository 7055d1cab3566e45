package io.claritystream.stream.materializer;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// Writes what a batch was folded to: one statement a table, rows sorted by key.
final class Flush {
  private static final String LOAD_DEVICES =
      """
      SELECT device_id, name, described, site_id, last_seq
      FROM analytics.devices
      WHERE model_id = ?::int AND device_id = ANY (?::uuid[])
      """;

  /// Rows of entities that were only named leave a row that is there as it is.
  private static final String NAME_ENTITIES =
      """
      INSERT INTO analytics.entities
        (tenant_id, source_id, model_id, entity_id, table_name, key, kind, first_seq, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, id, table_name, key, kind, first_seq, last_seq
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[])
        AS named (id, table_name, key, kind, first_seq, last_seq)
      ON CONFLICT (model_id, entity_id) DO NOTHING
      RETURNING entity_id, true
      """;

  private static final String DESCRIBE_ENTITIES =
      """
      INSERT INTO analytics.entities
        (tenant_id, source_id, model_id, entity_id, table_name, key, kind, first_seq, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, id, table_name, key, kind, first_seq, last_seq
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::bigint[], ?::bigint[])
        AS described (id, table_name, key, kind, first_seq, last_seq)
      ON CONFLICT (model_id, entity_id) DO UPDATE
      SET table_name = excluded.table_name, last_seq = excluded.last_seq
      RETURNING new.entity_id, old.entity_id IS NULL
      """;

  private static final String NAME_SITES =
      """
      INSERT INTO analytics.sites (tenant_id, source_id, model_id, site_id, key, name, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, id, key, name, last_seq
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::bigint[]) AS named (id, key, name, last_seq)
      ON CONFLICT (model_id, site_id) DO NOTHING
      """;

  private static final String DESCRIBE_SITES =
      """
      INSERT INTO analytics.sites (tenant_id, source_id, model_id, site_id, key, name, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, id, key, name, last_seq
      FROM unnest(?::uuid[], ?::text[], ?::text[], ?::bigint[])
        AS described (id, key, name, last_seq)
      ON CONFLICT (model_id, site_id) DO UPDATE
      SET name = excluded.name, last_seq = excluded.last_seq
      """;

  private static final String PUT_DEVICES =
      """
      INSERT INTO analytics.devices
        (tenant_id, source_id, model_id, device_id, site_id, key, name, kind, described, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, id, site_id, key, name, kind, described, last_seq
      FROM unnest(
          ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[], ?::boolean[], ?::bigint[])
        AS put (id, site_id, key, name, kind, described, last_seq)
      ON CONFLICT (model_id, device_id) DO UPDATE
      SET site_id = excluded.site_id, name = excluded.name, kind = excluded.kind,
        described = excluded.described, last_seq = excluded.last_seq
      """;

  /// "Last" is by the reading's time, then by order of arrival, among finite values; a minute
  /// without any has that of its last reading.
  private static final String ADD_MINUTES =
      """
      INSERT INTO analytics.metrics_min AS m
        (series_id, bucket, tenant_id, value_count, nan_count, inf_count, value_sum, value_min,
         value_max, value_last, last_at, last_seq, seq_lo, seq_hi)
      SELECT series_id, bucket, ?::uuid, value_count, nan_count, inf_count, value_sum, value_min,
        value_max, value_last, last_at, last_seq, seq_lo, seq_hi
      FROM unnest(
          ?::int[], ?::timestamptz[], ?::int[], ?::int[], ?::int[], ?::numeric[], ?::numeric[],
          ?::numeric[], ?::numeric[], ?::timestamptz[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS added (series_id, bucket, value_count, nan_count, inf_count, value_sum, value_min,
          value_max, value_last, last_at, last_seq, seq_lo, seq_hi)
      ON CONFLICT (series_id, bucket) DO UPDATE
      SET value_count = m.value_count + excluded.value_count,
        nan_count = m.nan_count + excluded.nan_count,
        inf_count = m.inf_count + excluded.inf_count,
        value_sum = m.value_sum + excluded.value_sum,
        value_min = least(m.value_min, excluded.value_min),
        value_max = greatest(m.value_max, excluded.value_max),
        value_last = CASE
          WHEN excluded.value_last IS NULL THEN m.value_last
          WHEN m.value_last IS NULL
            OR excluded.last_at > m.last_at
            OR excluded.last_at = m.last_at AND excluded.last_seq > m.last_seq
            THEN excluded.value_last
          ELSE m.value_last END,
        last_at = CASE
          WHEN excluded.value_last IS NULL AND m.value_last IS NOT NULL THEN m.last_at
          WHEN m.value_last IS NULL AND excluded.value_last IS NOT NULL
            OR excluded.last_at > m.last_at
            THEN excluded.last_at
          ELSE m.last_at END,
        last_seq = CASE
          WHEN excluded.value_last IS NULL AND m.value_last IS NOT NULL THEN m.last_seq
          WHEN m.value_last IS NULL AND excluded.value_last IS NOT NULL
            OR excluded.last_at > m.last_at
            OR excluded.last_at = m.last_at AND excluded.last_seq > m.last_seq
            THEN excluded.last_seq
          ELSE m.last_seq END,
        seq_lo = least(m.seq_lo, excluded.seq_lo),
        seq_hi = greatest(m.seq_hi, excluded.seq_hi)
      """;

  private static final String COUNT_TABLES =
      """
      INSERT INTO analytics.table_state AS t
        (tenant_id, source_id, model_id, table_name, reads, inserts, updates, deletes, truncates, skipped,
         failed, times_replaced, extras_left_out, exact, last_event_at, last_seq)
      SELECT ?::uuid, ?::uuid, ?::int, table_name, reads, inserts, updates, deletes, truncates, skipped,
        failed, times_replaced, extras_left_out, skipped + failed + blind = 0, last_event_at,
        last_seq
      FROM unnest(
          ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
          ?::bigint[], ?::bigint[], ?::bigint[], ?::timestamptz[], ?::bigint[], ?::bigint[])
        AS counted (table_name, reads, inserts, updates, deletes, truncates, skipped, failed,
          times_replaced, extras_left_out, last_event_at, last_seq, blind)
      ON CONFLICT (model_id, table_name) DO UPDATE
      SET reads = t.reads + excluded.reads,
        inserts = t.inserts + excluded.inserts,
        updates = t.updates + excluded.updates,
        deletes = t.deletes + excluded.deletes,
        truncates = t.truncates + excluded.truncates,
        skipped = t.skipped + excluded.skipped,
        failed = t.failed + excluded.failed,
        times_replaced = t.times_replaced + excluded.times_replaced,
        extras_left_out = t.extras_left_out + excluded.extras_left_out,
        exact = t.exact AND excluded.exact,
        last_event_at = greatest(t.last_event_at, excluded.last_event_at),
        last_seq = greatest(t.last_seq, excluded.last_seq)
      """;

  /// PostgreSQL's earliest and latest moments are not ours to store.
  private static final long EVENT_TIME_MAX_US = 253_402_300_799_999_999L;

  private final Connection connection;
  private final Fold fold;
  private final String tenant;
  private final String source;

  Flush(Connection connection, Fold fold) {
    this.connection = connection;
    this.fold = fold;
    tenant = fold.model.tenant.toString();
    source = fold.model.source.toString();
  }

  /// Everything but the minutes needs no number of a dictionary. Devices that a batch names for
  /// the first time are looked up here.
  void write() throws SQLException {
    loadDevices();
    var put = settleDevices();
    var fresh = writeEntities();
    writeSites();
    writeDevices(put);
    writeMinutes();
    writeExtras(fresh);
    countTables();
  }

  private void loadDevices() throws SQLException {
    if (fold.devicesToLoad.isEmpty()) {
      return;
    }
    var byId = new HashMap<UUID, Device>();
    var ids = new ArrayText(fold.devicesToLoad.size(), 33);
    for (var device : fold.devicesToLoad) {
      byId.put(device.id, device);
      ids.add(device.id);
    }
    try (var load = connection.prepareStatement(LOAD_DEVICES)) {
      load.setInt(1, fold.model.id);
      load.setString(2, ids.end());
      try (var rows = load.executeQuery()) {
        while (rows.next()) {
          var device = byId.get(rows.getObject(1, UUID.class));
          if (device != null) {
            device.stored = true;
            device.name = rows.getString(2);
            device.described = rows.getBoolean(3);
            device.siteId = rows.getObject(4, UUID.class);
            device.lastSeq = rows.getLong(5);
          }
        }
      }
    }
  }

  /// Brings the devices of the batch up to date, and gives those whose row changes.
  private List<Device> settleDevices() {
    var put = new ArrayList<Device>();
    for (var change : fold.devices) {
      var device = change.device;
      var differs = !device.stored;
      if (!device.stored) {
        device.lastSeq = change.firstSeq;
      }
      var named = change.namedSiteId;
      if (named != null && !device.described && !named.equals(device.siteId)) {
        device.siteId = named;
        differs = true;
      }
      var description = change.description;
      if (description != null) {
        device.described = true;
        device.name = change.describedName;
        device.shownKind = change.describedKind;
        device.lastSeq = description.lastSeq;
        if (change.siteDescribed) {
          device.siteId = change.describedSiteId;
        }
        differs = true;
      } else if (!device.stored) {
        fold.entities.put(
            device.id,
            new EntityChange(device.id, "device", device.key, change.firstTable, change.firstSeq));
      }
      if (differs) {
        device.stored = true;
        put.add(device);
      }
    }
    return put;
  }

  /// @return the entities that had no row before
  private Set<UUID> writeEntities() throws SQLException {
    var fresh = new HashSet<UUID>();
    writeEntities(NAME_ENTITIES, sorted(false), fresh);
    writeEntities(DESCRIBE_ENTITIES, sorted(true), fresh);
    return fresh;
  }

  private List<EntityChange> sorted(boolean described) {
    var chosen = new ArrayList<EntityChange>();
    for (var entity : fold.entities.values()) {
      if (entity.described == described) {
        chosen.add(entity);
      }
    }
    chosen.sort(Comparator.comparing(entity -> entity.id));
    return chosen;
  }

  private void writeEntities(String sql, List<EntityChange> entities, Set<UUID> fresh)
      throws SQLException {
    if (entities.isEmpty()) {
      return;
    }
    var count = entities.size();
    var ids = new ArrayText(count, 33);
    var tables = new ArrayText(count, 24);
    var keys = new ArrayText(count, 16);
    var kinds = new ArrayText(count, 9);
    var firsts = new ArrayText(count, 16);
    var lasts = new ArrayText(count, 16);
    for (var entity : entities) {
      ids.add(entity.id);
      tables.add(entity.table);
      keys.add(entity.key);
      kinds.add(entity.kind);
      firsts.add(entity.firstSeq);
      lasts.add(entity.lastSeq);
    }
    try (var write = prepared(sql, ids, tables, keys, kinds, firsts, lasts);
        var rows = write.executeQuery()) {
      while (rows.next()) {
        if (rows.getBoolean(2)) {
          fresh.add(rows.getObject(1, UUID.class));
        }
      }
    }
  }

  private void writeSites() throws SQLException {
    writeSites(NAME_SITES, sorted(false));
    writeSites(DESCRIBE_SITES, sorted(true));
  }

  private void writeSites(String sql, List<EntityChange> entities) throws SQLException {
    var sites = entities.stream().filter(entity -> entity.kind.equals("site")).toList();
    if (sites.isEmpty()) {
      return;
    }
    var ids = new ArrayText(sites.size(), 33);
    var keys = new ArrayText(sites.size(), 16);
    var names = new ArrayText(sites.size(), 24);
    var lasts = new ArrayText(sites.size(), 16);
    for (var site : sites) {
      ids.add(site.id);
      keys.add(site.key);
      names.add(site.name == null ? site.key : site.name);
      lasts.add(site.lastSeq);
    }
    execute(sql, ids, keys, names, lasts);
  }

  private void writeDevices(List<Device> devices) throws SQLException {
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
    var lasts = new ArrayText(count, 16);
    for (var device : devices) {
      ids.add(device.id);
      sites.add(device.siteId);
      keys.add(device.key);
      names.add(device.name);
      kinds.add(device.shownKind);
      described.add(device.described);
      lasts.add(device.lastSeq);
    }
    execute(PUT_DEVICES, ids, sites, keys, names, kinds, described, lasts);
  }

  private void writeMinutes() throws SQLException {
    var minutes = fold.minutes;
    if (minutes.isEmpty()) {
      return;
    }
    minutes.sort(
        (left, right) ->
            left.series.id != right.series.id
                ? Integer.compare(left.series.id, right.series.id)
                : Integer.compare(left.minute, right.minute));
    var size = minutes.size();
    var series = new ArrayText(size, 8);
    var buckets = new ArrayText(size, 25);
    var counts = new ArrayText(size, 4);
    var nans = new ArrayText(size, 2);
    var infinities = new ArrayText(size, 2);
    var sums = new ArrayText(size, 10);
    var mins = new ArrayText(size, 8);
    var maxes = new ArrayText(size, 8);
    var lasts = new ArrayText(size, 8);
    var lastAts = new ArrayText(size, 32);
    var lastSeqs = new ArrayText(size, 16);
    var lows = new ArrayText(size, 16);
    var highs = new ArrayText(size, 16);
    for (var minute : minutes) {
      series.add(minute.series.id);
      buckets.addMinute(minute.minute);
      counts.add(minute.count);
      nans.add(minute.nans);
      infinities.add(minute.infinities);
      minute.writeSum(sums);
      if (minute.count == 0) {
        mins.addNull();
        maxes.addNull();
        lasts.addNull();
      } else {
        minute.writeMin(mins);
        minute.writeMax(maxes);
        minute.writeLast(lasts);
      }
      lastAts.addMoment(minute.lastAtUs);
      lastSeqs.add(minute.lastSeq);
      lows.add(minute.firstSeq);
      highs.add(minute.highSeq);
    }
    try (var write = connection.prepareStatement(ADD_MINUTES)) {
      write.setString(1, tenant);
      set(
          write,
          2,
          series,
          buckets,
          counts,
          nans,
          infinities,
          sums,
          mins,
          maxes,
          lasts,
          lastAts,
          lastSeqs,
          lows,
          highs);
      write.executeUpdate();
    }
  }

  private void writeExtras(Set<UUID> fresh) throws SQLException {
    var writes = new ArrayList<ExtraWrite>(fold.deviceExtras);
    for (var write : writes) {
      write.otherTypes &= !fresh.contains(write.entityId);
    }
    for (var entity : fold.entities.values()) {
      for (var write : entity.extras) {
        write.otherTypes = !fresh.contains(entity.id);
        writes.add(write);
      }
    }
    if (writes.isEmpty()) {
      return;
    }
    writes.sort(
        Comparator.comparing((ExtraWrite write) -> write.entityId)
            .thenComparing(write -> write.key));
    new ExtrasTables(connection, fold.model).write(writes);
  }

  private void countTables() throws SQLException {
    var counts = new ArrayList<>(fold.tables.values());
    counts.sort(Comparator.comparing(count -> count.table));
    var arrays = new ArrayText[13];
    for (var i = 0; i < arrays.length; i++) {
      arrays[i] = new ArrayText(counts.size(), 16);
    }
    for (var count : counts) {
      arrays[0].add(count.table);
      arrays[1].add(count.reads);
      arrays[2].add(count.inserts);
      arrays[3].add(count.updates);
      arrays[4].add(count.deletes);
      arrays[5].add(count.truncates);
      arrays[6].add(count.skipped);
      arrays[7].add(count.failed);
      arrays[8].add(count.timesReplaced);
      arrays[9].add(count.extrasLeftOut);
      arrays[10].addMoment(Math.clamp(count.lastEventAtUs, 0, EVENT_TIME_MAX_US));
      arrays[11].add(count.lastSeq);
      arrays[12].add(count.blind ? 1 : 0);
    }
    execute(COUNT_TABLES, arrays);
  }

  private void execute(String sql, ArrayText... arrays) throws SQLException {
    try (var statement = prepared(sql, arrays)) {
      statement.executeUpdate();
    }
  }

  /// With tenant, source and model in front.
  private PreparedStatement prepared(String sql, ArrayText... arrays) throws SQLException {
    var statement = connection.prepareStatement(sql);
    statement.setString(1, tenant);
    statement.setString(2, source);
    statement.setInt(3, fold.model.id);
    set(statement, 4, arrays);
    return statement;
  }

  private static void set(PreparedStatement statement, int first, ArrayText... arrays)
      throws SQLException {
    for (var i = 0; i < arrays.length; i++) {
      statement.setString(first + i, arrays[i].end());
    }
  }
}
