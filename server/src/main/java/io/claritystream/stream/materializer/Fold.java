package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Row;
import io.claritystream.stream.materializer.Materializer.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Folds the events of one batch in memory: collapsed by key, ready to be written. Asks no
/// database and no clock.
final class Fold {
  private static final long MINUTE_US = 60_000_000L;

  /// 1971: a clock that was never set says 1970.
  private static final long TIME_MIN_US = 365L * 86_400_000_000L;

  private static final long AHEAD_MAX_US = 86_400_000_000L;

  private record MinuteOf(Series series, int minute) {}

  final SourceModel model;
  final List<Minute> minutes = new ArrayList<>();
  final Map<UUID, EntityChange> entities = new HashMap<>();
  final List<DeviceChange> devices = new ArrayList<>();
  final List<ExtraWrite> deviceExtras = new ArrayList<>();
  final List<Device> devicesToLoad = new ArrayList<>();
  final List<Series> seriesWithoutId = new ArrayList<>();
  final Map<String, TableCount> tables = new LinkedHashMap<>();
  final List<Failure> failures = new ArrayList<>();

  private final int epoch;
  private final Keys keys;
  private final Decimal decimal = new Decimal();
  private final Map<MinuteOf, Minute> otherMinutes = new HashMap<>();
  private final Documents documents = new Documents();
  private @Nullable TablePlan lastPlan;
  private @Nullable TableCount lastCount;

  Fold(SourceModel model, int epoch) {
    this.model = model;
    this.epoch = epoch;
    keys = model.keys;
    model.batch++;
  }

  void add(TablePlan plan, ChangeEvent event) {
    var ordinal = Ordinal.of(epoch, event.seq());
    var count = count(plan);
    count.lastSeq = ordinal;
    count.lastEventAtUs = Math.max(count.lastEventAtUs, committedAt(event));
    switch (event.op()) {
      case INSERT -> count.inserts++;
      case READ -> count.reads++;
      case UPDATE -> count.updates++;
      case DELETE -> count.deletes++;
      case TRUNCATE -> count.truncates++;
    }
    switch (event.op()) {
      case INSERT, READ -> addRow(plan, count, event, ordinal);
      case UPDATE, DELETE, TRUNCATE -> {
        if (plan.mapping.entity() != Entity.IGNORE) {
          count.skipped++;
        }
      }
    }
  }

  private TableCount count(TablePlan plan) {
    var count = lastCount;
    if (count == null || plan != lastPlan) {
      count = tables.computeIfAbsent(plan.table, table -> new TableCount(plan));
      lastPlan = plan;
      lastCount = count;
    }
    return count;
  }

  private void addRow(TablePlan plan, TableCount count, ChangeEvent event, long ordinal) {
    var row = event.after();
    if (row == null) {
      fail(count, event, "row_missing", "The " + event.op().label() + " has no row.");
      return;
    }
    switch (plan.mapping.entity()) {
      case METRIC -> addReading(plan, count, event, row, ordinal);
      case DEVICE -> addDevice(plan, count, event, row, ordinal);
      case SITE -> addSite(plan, count, event, row, ordinal);
      case ROW, SESSION -> addEntity(plan, count, event, row, ordinal);
      case IGNORE -> {}
    }
  }

  private void fail(TableCount count, ChangeEvent event, String cause, String detail) {
    count.failed++;
    failures.add(new Failure(event, cause, detail));
  }

  // Readings

  private void addReading(
      TablePlan plan, TableCount count, ChangeEvent event, Row row, long ordinal) {
    Device device;
    if (plan.mapping.parent() == null) {
      device = device(plan, plan.soleKey, 0, plan.soleKey.length);
    } else if (keys.read(row, plan.parent)) {
      device = device(plan, keys.bytes, keys.offset, keys.length);
    } else {
      fail(
          count,
          event,
          "device_missing",
          "The reading names no device, or one with too long a key.");
      return;
    }
    var metric = plan.metric == TablePlan.ABSENT ? null : tallMetric(plan, row);
    if (plan.metric != TablePlan.ABSENT && metric == null) {
      fail(
          count,
          event,
          "metric_missing",
          "The reading names no metric, or the source has more than "
              + SourceModel.METRICS_MAX
              + ".");
      return;
    }
    var change = change(device, plan, ordinal);
    if (plan.site.length > 0) {
      nameSite(plan, change, row, ordinal);
    }
    var committedAtUs = committedAt(event);
    var atUs = time(plan, row, committedAtUs);
    if (atUs == Moment.NONE) {
      count.timesReplaced++;
      atUs = committedAtUs;
    }
    if (metric != null) {
      addTall(plan, count, device, metric, row, atUs, ordinal);
    } else {
      for (var i = 0; i < plan.valueColumns.length; i++) {
        var column = plan.valueColumns[i];
        var length = row.length(column);
        if (length > 0 && !row.hashed(column)) {
          addValue(device, plan.metrics[i], row, column, atUs, ordinal);
        }
      }
    }
    for (var extra : plan.extras) {
      addDeviceExtra(plan, count, device, extra, row, ordinal);
    }
  }

  private boolean addValue(
      Device device, Metric metric, Row row, int column, long atUs, long ordinal) {
    var read = decimal.read(row.bytes(), row.offset(column), row.length(column));
    if (read == Decimal.Read.NOT_A_NUMBER) {
      return false;
    }
    var minute = minute(series(device, metric), (int) Math.floorDiv(atUs, MINUTE_US), ordinal);
    if (read == Decimal.Read.FINITE) {
      minute.addFinite(decimal, atUs, ordinal);
    } else {
      minute.addOther(read, atUs, ordinal);
    }
    return true;
  }

  private void addTall(
      TablePlan plan,
      TableCount count,
      Device device,
      Metric metric,
      Row row,
      long atUs,
      long ordinal) {
    if (!row.hasText(plan.value)) {
      return;
    }
    if (row.hashed(plan.value) || !addValue(device, metric, row, plan.value, atUs, ordinal)) {
      var text = row.text(plan.value);
      var key = plan.keys.key(metric.key);
      if (key == null) {
        count.extrasLeftOut++;
      } else if (text != null) {
        putDeviceExtra(plan, device, key, ExtraType.TEXT, Texts.stored(text), ordinal);
      }
    }
  }

  private @Nullable Metric tallMetric(TablePlan plan, Row row) {
    var text = row.text(plan.metric);
    if (text == null || text.isBlank()) {
      return null;
    }
    var key = Keys.shortened(text.strip());
    var metric = model.metric(key);
    if (metric != null) {
      return metric;
    }
    var named = Units.of(key, "", List.of());
    var unit = plan.unit == TablePlan.ABSENT ? null : row.text(plan.unit);
    return model.metric(key, named.name(), unit == null ? named.unit() : Units.spelled(unit));
  }

  private long time(TablePlan plan, Row row, long committedAtUs) {
    if (plan.time == TablePlan.ABSENT) {
      return committedAtUs;
    }
    var length = row.length(plan.time);
    if (length <= 0) {
      return Moment.NONE;
    }
    long us;
    if (plan.timeIsEpoch) {
      us =
          decimal.read(row.bytes(), row.offset(plan.time), length) == Decimal.Read.FINITE
              ? Moment.ofEpoch(decimal)
              : Moment.NONE;
    } else {
      us = Moment.ofText(row.bytes(), row.offset(plan.time), length);
    }
    return us >= TIME_MIN_US && us <= committedAtUs + AHEAD_MAX_US ? us : Moment.NONE;
  }

  /// A source that does not tell when it committed gives way to the agent's clock.
  private static long committedAt(ChangeEvent event) {
    return event.committedAtUs() >= TIME_MIN_US ? event.committedAtUs() : event.capturedAtUs();
  }

  private Series series(Device device, Metric metric) {
    var series = device.series(metric.index);
    if (series == null) {
      series = new Series(device, metric);
      device.add(series);
      seriesWithoutId.add(series);
      model.weight++;
    }
    return series;
  }

  private Minute minute(Series series, int minute, long ordinal) {
    var current = series.current;
    if (current != null && series.batch == model.batch) {
      if (current.minute == minute) {
        return current;
      }
      otherMinutes.put(new MinuteOf(series, current.minute), current);
      var other = otherMinutes.get(new MinuteOf(series, minute));
      if (other != null) {
        series.current = other;
        return other;
      }
    }
    var fresh = new Minute(series, minute, ordinal);
    series.current = fresh;
    series.batch = model.batch;
    minutes.add(fresh);
    return fresh;
  }

  // Devices

  private Device device(TablePlan plan, byte[] bytes, int offset, int length) {
    var device = plan.devices.get(bytes, offset, length);
    return device != null
        ? device
        : newDevice(plan.devices, plan.parentScope, plan.parentKind, bytes, offset, length);
  }

  private Device newDevice(
      ByteMap<Device> devices, byte[] scope, String kind, byte[] bytes, int offset, int length) {
    var id = model.keys.id(scope, bytes, offset, length);
    var key = Texts.stored(new String(bytes, offset, length, StandardCharsets.UTF_8));
    var device = new Device(id, key, kind);
    devices.add(java.util.Arrays.copyOfRange(bytes, offset, offset + length), device);
    model.weight++;
    return device;
  }

  private DeviceChange change(Device device, TablePlan plan, long ordinal) {
    var change = device.change;
    if (change != null && device.batch == model.batch) {
      return change;
    }
    if (!device.loaded) {
      device.loaded = true;
      devicesToLoad.add(device);
    }
    change = new DeviceChange(device, plan.table, ordinal);
    device.change = change;
    device.batch = model.batch;
    devices.add(change);
    return change;
  }

  private void nameSite(TablePlan plan, DeviceChange change, Row row, long ordinal) {
    if (!keys.read(row, plan.site)) {
      return;
    }
    var device = change.device;
    var known = device.namedSiteKey;
    if (known != null
        && java.util.Arrays.equals(
            known, 0, known.length, keys.bytes, keys.offset, keys.offset + keys.length)) {
      return;
    }
    var site = namedSite(plan.siteScope, plan.table, ordinal);
    device.namedSiteKey = keys.copy();
    if (change.description == null) {
      change.namedSiteId = site;
    }
  }

  /// Makes the site known whose key was just read.
  private UUID namedSite(byte[] scope, String table, long ordinal) {
    var id = keys.id(scope, keys.bytes, keys.offset, keys.length);
    if (!model.isKnownSite(id)) {
      model.siteIsKnown(id);
      var key =
          Texts.stored(new String(keys.bytes, keys.offset, keys.length, StandardCharsets.UTF_8));
      entities.computeIfAbsent(id, any -> new EntityChange(id, "site", key, table, ordinal));
    }
    return id;
  }

  private void addDevice(
      TablePlan plan, TableCount count, ChangeEvent event, Row row, long ordinal) {
    if (!keys.read(row, plan.id)) {
      fail(count, event, "key_missing", "The row has no key, or too long a one.");
      return;
    }
    var devices = model.devices(plan.mapping.kind());
    var device = devices.get(keys.bytes, keys.offset, keys.length);
    if (device == null) {
      device =
          newDevice(devices, plan.scope, plan.mapping.kind(), keys.bytes, keys.offset, keys.length);
    }
    var change = change(device, plan, ordinal);
    var entity = change.description;
    if (entity == null) {
      entity = new EntityChange(device.id, "device", device.key, plan.table, change.firstSeq);
      change.description = entity;
      entities.put(device.id, entity);
    }
    describe(plan, entity, row, ordinal);
    change.describedName = name(plan, row, device.key);
    change.describedKind = kind(plan, row);
    if (plan.parent.length > 0) {
      change.siteDescribed = true;
      change.describedSiteId =
          keys.read(row, plan.parent) ? namedSite(plan.parentScope, plan.table, ordinal) : null;
    }
    addExtras(plan, count, entity, row, ordinal);
  }

  private static void describe(TablePlan plan, EntityChange entity, Row row, long ordinal) {
    entity.described = true;
    entity.table = plan.table;
    entity.lastSeq = ordinal;
  }

  private static String name(TablePlan plan, Row row, String key) {
    var text = plan.name == TablePlan.ABSENT ? null : row.text(plan.name);
    return text == null || text.isBlank() ? key : Keys.shortened(text.strip());
  }

  private static String kind(TablePlan plan, Row row) {
    var text = plan.kind == TablePlan.ABSENT ? null : row.text(plan.kind);
    return text == null || text.isBlank() || row.hashed(plan.kind)
        ? plan.mapping.kind()
        : Keys.shortened(text.strip());
  }

  // Sites and other entities

  private void addSite(TablePlan plan, TableCount count, ChangeEvent event, Row row, long ordinal) {
    var entity = entity(plan, count, event, row, ordinal, "site");
    if (entity != null) {
      model.siteIsKnown(entity.id);
      entity.name = name(plan, row, entity.key);
    }
  }

  private void addEntity(
      TablePlan plan, TableCount count, ChangeEvent event, Row row, long ordinal) {
    entity(plan, count, event, row, ordinal, "row");
  }

  private @Nullable EntityChange entity(
      TablePlan plan, TableCount count, ChangeEvent event, Row row, long ordinal, String kind) {
    byte[] key;
    if (plan.id.length > 0) {
      if (!keys.read(row, plan.id)) {
        fail(count, event, "key_missing", "The row has no key, or too long a one.");
        return null;
      }
      key = keys.copy();
    } else {
      // A row without a key is told from others by its place in the stream alone.
      key = ("#" + epoch + "-" + event.seq()).getBytes(StandardCharsets.US_ASCII);
    }
    var id = keys.id(plan.scope, key);
    var entity = entities.get(id);
    if (entity == null) {
      var text = Texts.stored(new String(key, StandardCharsets.UTF_8));
      entity = new EntityChange(id, kind, text, plan.table, ordinal);
      entities.put(id, entity);
    }
    describe(plan, entity, row, ordinal);
    addExtras(plan, count, entity, row, ordinal);
    return entity;
  }

  // Extras

  private void addExtras(
      TablePlan plan, TableCount count, EntityChange entity, Row row, long ordinal) {
    for (var extra : plan.extras) {
      if (!row.hasText(extra.column())) {
        continue;
      }
      if (TablePlan.isDocument(extra.kind()) && !row.hashed(extra.column())) {
        count.extrasLeftOut +=
            documents.read(
                row,
                extra.column(),
                extra.name(),
                plan.keys,
                (key, type, value) -> entity.put(key.name(), type, value, ordinal));
        continue;
      }
      var key = extra.key() == null ? plan.keys.key(extra.name()) : extra.key();
      if (key == null) {
        count.extrasLeftOut++;
        continue;
      }
      var value = Texts.value(row, extra.column(), extra.kind(), decimal);
      entity.put(key.name(), value.type(), value.text(), ordinal);
    }
  }

  private void addDeviceExtra(
      TablePlan plan,
      TableCount count,
      Device device,
      TablePlan.ExtraColumn extra,
      Row row,
      long ordinal) {
    var column = extra.column();
    if (!row.hasText(column)) {
      return;
    }
    if (TablePlan.isDocument(extra.kind()) && !row.hashed(column)) {
      count.extrasLeftOut +=
          documents.read(
              row,
              column,
              extra.name(),
              plan.keys,
              (key, type, value) -> putDeviceExtra(plan, device, key, type, value, ordinal));
      return;
    }
    var key = extra.key() == null ? plan.keys.key(extra.name()) : extra.key();
    if (key == null) {
      count.extrasLeftOut++;
      return;
    }
    var last = device.extra(plan.keys, key.slot());
    if (last != null && last.hasBytesOf(row, column)) {
      return;
    }
    var value = Texts.value(row, column, extra.kind(), decimal);
    var put = putDeviceExtra(plan, device, key, value.type(), value.text(), ordinal);
    model.weight -= put.weight();
    put.remember(row, column);
    model.weight += put.weight();
  }

  private LastValue putDeviceExtra(
      TablePlan plan, Device device, ExtraKey key, ExtraType type, String value, long ordinal) {
    var last = device.extra(plan.keys, key.slot());
    if (last == null) {
      last = new LastValue(type, value);
      device.extra(plan.keys, key.slot(), last);
      model.weight += last.weight();
      write(last, device, key, type, value, ordinal).otherTypes = true;
      return last;
    }
    if (last.is(type, value)) {
      return last;
    }
    var write = last.batch == model.batch ? last.write : null;
    if (write != null) {
      write.replace(type, value, ordinal);
    } else {
      var fresh = write(last, device, key, type, value, ordinal);
      fresh.changed = true;
      fresh.otherTypes = type != last.type;
    }
    model.weight -= last.weight();
    last.type = type;
    last.value = value;
    model.weight += last.weight();
    return last;
  }

  private ExtraWrite write(
      LastValue last, Device device, ExtraKey key, ExtraType type, String value, long ordinal) {
    var write = new ExtraWrite(device.id, key.name(), type, value, ordinal);
    last.write = write;
    last.batch = model.batch;
    deviceExtras.add(write);
    return write;
  }
}
