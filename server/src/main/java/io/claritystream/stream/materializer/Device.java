package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A device as a source's fold knows it: its stored row, its series, and its last extras.
final class Device {
  private static final int EXTRA_TABLES_MAX = 8;

  final UUID id;
  final String key;
  final String kind;

  /// Whether its stored row was asked for.
  boolean loaded;

  /// Whether it has a stored row, or one about to be.
  boolean stored;

  /// Whether a row of its own table described it.
  boolean described;

  String name;

  /// What people call its kind: that of the mapping, unless its own row says more.
  String shownKind;

  @Nullable UUID siteId;
  long lastSeq;

  /// What readings of this batch, or of earlier ones, said last of its site.
  byte @Nullable [] namedSiteKey;

  /// What this batch does to it, in the batch of [#batch].
  @Nullable DeviceChange change;

  long batch;

  private int[] metricIndexes = new int[8];
  private @Nullable Series[] series = new Series[8];
  private int seriesCount;

  private final List<TableExtras> extras = new ArrayList<>(1);

  private static final class TableExtras {
    private final KeySpace keys;
    private @Nullable LastValue[] values = new LastValue[8];

    private TableExtras(KeySpace keys) {
      this.keys = keys;
    }
  }

  Device(UUID id, String key, String kind) {
    this.id = id;
    this.key = key;
    this.kind = kind;
    name = key;
    shownKind = kind;
  }

  /// Its series of a metric; null if it has none yet.
  @Nullable Series series(int metricIndex) {
    var mask = metricIndexes.length - 1;
    for (var at = metricIndex & mask; ; at = at + 1 & mask) {
      var found = series[at];
      if (found == null || metricIndexes[at] == metricIndex) {
        return found;
      }
    }
  }

  void add(Series added) {
    if (seriesCount * 2 >= series.length) {
      var old = series;
      metricIndexes = new int[old.length * 2];
      series = new Series[old.length * 2];
      for (var one : old) {
        if (one != null) {
          place(one);
        }
      }
    }
    place(added);
    seriesCount++;
  }

  private void place(Series placed) {
    var mask = series.length - 1;
    var at = placed.metric.index & mask;
    while (series[at] != null) {
      at = at + 1 & mask;
    }
    series[at] = placed;
    metricIndexes[at] = placed.metric.index;
  }

  @Nullable LastValue extra(KeySpace keys, int slot) {
    for (var table : extras) {
      if (table.keys == keys) {
        return slot < table.values.length ? table.values[slot] : null;
      }
    }
    return null;
  }

  void extra(KeySpace keys, int slot, LastValue value) {
    TableExtras of = null;
    for (var table : extras) {
      if (table.keys == keys) {
        of = table;
      }
    }
    if (of == null) {
      if (extras.size() == EXTRA_TABLES_MAX) {
        extras.removeFirst();
      }
      of = new TableExtras(keys);
      extras.add(of);
    }
    if (slot >= of.values.length) {
      of.values = Arrays.copyOf(of.values, Math.max(slot + 1, of.values.length * 2));
    }
    of.values[slot] = value;
  }
}
