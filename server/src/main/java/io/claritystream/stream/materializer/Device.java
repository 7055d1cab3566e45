package io.claritystream.stream.materializer;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A device as a source's fold knows it: its stored row, its series, and its newest readings.
final class Device {
  private static final int HEADS_MAX = 8;

  final UUID id;
  final String key;
  final String kind;

  /// Whether its stored row was asked for.
  boolean loaded;

  /// Whether it has a stored row, as of the batch before or the one at hand.
  boolean stored;

  /// Whether a row of its own table described it.
  boolean described;

  String name;

  /// What people call its kind: that of the mapping, unless its own row says more.
  String shownKind;

  /// Whether its own row says where it is, be it nowhere; otherwise its readings may.
  boolean placed;

  @Nullable UUID siteId;

  /// The batch that it was last touched by.
  long batch;

  private int[] metricIndexes = new int[8];
  private @Nullable Series[] series = new Series[8];
  private int seriesCount;

  private final List<Head> heads = new ArrayList<>(1);

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

  /// What is known of its newest reading in a table.
  Head head(TablePlan plan, SourceModel model) {
    return head(plan.modelTable, plan.keys, model);
  }

  Head head(ModelTable table, KeySpace keys, SourceModel model) {
    for (var i = 0; i < heads.size(); i++) {
      var head = heads.get(i);
      if (head.table == table) {
        return head;
      }
    }
    if (heads.size() >= HEADS_MAX) {
      forgetHead(model);
    }
    var head = new Head(this, table, keys);
    heads.add(head);
    return head;
  }

  /// What is remembered of its newest reading in a table; null if nothing is.
  @Nullable Head knownHead(ModelTable table) {
    for (var head : heads) {
      if (head.table == table) {
        return head;
      }
    }
    return null;
  }

  /// The oldest one that the batch at hand has not touched: those it has would be made twice.
  private void forgetHead(SourceModel model) {
    for (var i = 0; i < heads.size(); i++) {
      if (heads.get(i).batch != model.batch) {
        model.weight -= heads.remove(i).weight();
        return;
      }
    }
  }

  /// It has no row any more, and nothing is known of it.
  void isGone() {
    stored = false;
    described = false;
    placed = false;
    siteId = null;
    name = key;
    shownKind = kind;
    heads.clear();
  }
}
