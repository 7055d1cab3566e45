package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.protocol.block.Row;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells of rows of readings which device they are of, of which metric, and when they were taken.
/// Used by one thread.
final class Readings {
  static final String DEVICE_MISSING = "device_missing";
  static final String METRIC_MISSING = "metric_missing";

  /// 1971: a clock that was never set says 1970.
  static final long TIME_MIN_US = 365L * 86_400_000_000L;

  private static final long AHEAD_MAX_US = 86_400_000_000L;

  private final SourceModel model;
  private final Keys keys;
  private final Decimal decimal = new Decimal();

  /// Why the last row had no reading.
  private String cause = "";

  /// Whether the last reading stands at the time of its commit because its own is none.
  private boolean timeReplaced;

  Readings(SourceModel model) {
    this.model = model;
    keys = model.keys;
  }

  String cause() {
    return cause;
  }

  String detail() {
    return cause.equals(DEVICE_MISSING)
        ? "The reading names no device, or one with too long a key."
        : "The reading names no metric, or the source has more than "
            + SourceModel.METRICS_MAX
            + ".";
  }

  boolean timeReplaced() {
    return timeReplaced;
  }

  /// The reading of a row that an event brought; null if there is none in it, see [#cause].
  @Nullable Reading of(TablePlan plan, Row row, long committedAtUs) {
    var device = device(plan, row);
    if (device == null) {
      cause = DEVICE_MISSING;
      return null;
    }
    var metric = plan.metric == TablePlan.ABSENT ? null : metric(plan, row, false);
    if (plan.metric != TablePlan.ABSENT && metric == null) {
      cause = METRIC_MISSING;
      return null;
    }
    var atUs = time(plan, row, committedAtUs);
    timeReplaced = atUs == Moment.NONE;
    return reading(plan, row, device, metric, timeReplaced ? committedAtUs : atUs);
  }

  /// The reading of a stored row, which stands where it stood; null if there is none in it.
  @Nullable Reading of(StoredRow stored) {
    if (stored.refers() == null || !stored.plan().isReading()) {
      return null;
    }
    var plan = stored.plan();
    var device = device(plan, stored.row());
    var metric = plan.metric == TablePlan.ABSENT ? null : metric(plan, stored.row(), true);
    return device == null || plan.metric != TablePlan.ABSENT && metric == null
        ? null
        : reading(plan, stored.row(), device, metric, stored.atUs());
  }

  /// Whether a stored reading does not stand at the time that its row says. What is too far ahead
  /// of its commit is so of the time where it stands, which is that of the commit.
  boolean isTimeReplaced(StoredRow stored) {
    return time(stored.plan(), stored.row(), stored.atUs()) == Moment.NONE;
  }

  private Reading reading(
      TablePlan plan, Row row, Device device, @Nullable Metric metric, long atUs) {
    var text =
        metric != null && isText(plan, row)
            ? keys.id(plan.textScope, textKey(device, metric))
            : null;
    return new Reading(plan, device, metric, text, atUs);
  }

  private static byte[] textKey(Device device, Metric metric) {
    var name = metric.key.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 * Long.BYTES + name.length)
        .putLong(device.id.getMostSignificantBits())
        .putLong(device.id.getLeastSignificantBits())
        .put(name)
        .array();
  }

  private boolean isText(TablePlan plan, Row row) {
    if (!row.hasText(plan.value)) {
      return false;
    }
    return switch (value(plan, row)) {
      case NOT_A_NUMBER, TOO_LARGE -> true;
      case FINITE, NAN, INFINITE -> false;
    };
  }

  /// Whether the text of a tall reading is not all that its row says, or is a number too large.
  boolean isTextBent(TablePlan plan, Row row) {
    var text = row.text(plan.value);
    return text != null && (Texts.isCut(text) || value(plan, row) == Decimal.Read.TOO_LARGE);
  }

  private Decimal.Read value(TablePlan plan, Row row) {
    return row.hashed(plan.value)
        ? Decimal.Read.NOT_A_NUMBER
        : decimal.read(row.bytes(), row.offset(plan.value), row.length(plan.value));
  }

  private @Nullable Device device(TablePlan plan, Row row) {
    if (plan.mapping.parent() == null) {
      return device(plan, plan.soleKey, 0, plan.soleKey.length);
    }
    return keys.read(row, plan.parent) ? device(plan, keys.bytes, keys.offset, keys.length) : null;
  }

  /// The device that a reading or a session names; null if it names none.
  @Nullable Device parent(TablePlan plan, Row row) {
    return plan.parent.length > 0 && keys.read(row, plan.parent)
        ? device(plan, keys.bytes, keys.offset, keys.length)
        : null;
  }

  /// The device that a stored row refers to.
  @Nullable Device parentOf(StoredRow stored) {
    return stored.plan().isReading()
        ? device(stored.plan(), stored.row())
        : parent(stored.plan(), stored.row());
  }

  private Device device(TablePlan plan, byte[] bytes, int offset, int length) {
    var device = plan.devices.get(bytes, offset, length);
    return device != null
        ? device
        : newDevice(plan.devices, plan.parentScope, plan.parentKind, bytes, offset, length);
  }

  /// The device that a row of its own table describes; the key was read.
  Device described(TablePlan plan) {
    var devices = model.devices(plan.mapping.kind());
    var device = devices.get(keys.bytes, keys.offset, keys.length);
    return device != null
        ? device
        : newDevice(devices, plan.scope, plan.mapping.kind(), keys.bytes, keys.offset, keys.length);
  }

  private Device newDevice(
      ByteMap<Device> devices, byte[] scope, String kind, byte[] bytes, int offset, int length) {
    var id = keys.id(scope, bytes, offset, length);
    var key = Texts.stored(new String(bytes, offset, length, StandardCharsets.UTF_8));
    var device = new Device(id, key, kind);
    devices.add(Arrays.copyOfRange(bytes, offset, offset + length), device);
    model.weight++;
    return device;
  }

  /// @param stored whether it was folded before: then there was room for it
  private @Nullable Metric metric(TablePlan plan, Row row, boolean stored) {
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
    return model.metric(
        key, named.name(), unit == null ? named.unit() : Units.spelled(unit), stored);
  }

  private long time(TablePlan plan, Row row, long committedAtUs) {
    if (plan.time == TablePlan.ABSENT) {
      return committedAtUs;
    }
    var us = Moment.ofCell(row, plan.time, plan.timeIsEpoch, decimal);
    return us >= TIME_MIN_US && us <= committedAtUs + AHEAD_MAX_US ? us : Moment.NONE;
  }

  /// A source that does not tell when it committed gives way to the agent's clock.
  static long committedAt(ChangeEvent event) {
    return event.committedAtUs() >= TIME_MIN_US ? event.committedAtUs() : event.capturedAtUs();
  }
}
