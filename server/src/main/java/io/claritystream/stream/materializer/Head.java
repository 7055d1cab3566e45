package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.Row;
import java.util.Arrays;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The newest reading of a device in one table, by (time, birth): what its columns without another
/// place say are the device's extras of that table, and it may name the device's site.
final class Head {
  final Device device;
  final ModelTable table;
  final KeySpace keys;

  /// Whether what follows is what is stored. Otherwise the database is asked.
  boolean known;

  /// [Moment#NONE] if there is no reading.
  long atUs = Moment.NONE;

  long born;

  /// Whether its version of the table names sites, and which one it does.
  boolean namesSite;

  @Nullable UUID siteId;
  String siteKey = "";

  /// That of the reading; null if there is none.
  @Nullable TablePlan plan;

  /// Its extras by the slots of their keys.
  private @Nullable LastValue[] values = new LastValue[8];

  // What the batch at hand does to it.

  /// The batch that it was last touched by.
  long batch;

  /// Whether it may have been taken away or changed, so that what is newest now must be asked.
  boolean dirty;

  @Nullable TablePlan freshPlan;
  @Nullable Row freshRow;
  long freshAtUs;
  long freshBorn;

  Head(Device device, ModelTable table, KeySpace keys) {
    this.device = device;
    this.table = table;
    this.keys = keys;
  }

  /// A reading of the batch that was not there before.
  void offer(TablePlan plan, Row row, long readingAtUs, long readingBorn) {
    if (freshRow == null
        || readingAtUs > freshAtUs
        || readingAtUs == freshAtUs && readingBorn > freshBorn) {
      freshPlan = plan;
      freshRow = row;
      freshAtUs = readingAtUs;
      freshBorn = readingBorn;
    }
  }

  /// Whether the newest of the batch is newer than the one before.
  boolean isSurpassed() {
    return freshRow != null
        && (atUs == Moment.NONE || freshAtUs > atUs || freshAtUs == atUs && freshBorn > born);
  }

  @Nullable LastValue value(int slot) {
    return slot < values.length ? values[slot] : null;
  }

  void value(int slot, @Nullable LastValue value) {
    if (slot >= values.length) {
      values = Arrays.copyOf(values, Math.max(slot + 1, values.length * 2));
    }
    values[slot] = value;
  }

  /// How many slots may have a value.
  int slots() {
    return values.length;
  }

  void forgetValues() {
    Arrays.fill(values, null);
  }

  /// What remembering its values costs.
  int weight() {
    var weight = 0;
    for (var value : values) {
      weight += value == null ? 0 : value.weight();
    }
    return weight;
  }
}
