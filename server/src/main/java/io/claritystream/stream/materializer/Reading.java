package io.claritystream.stream.materializer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a row of readings is about.
final class Reading {
  final TablePlan plan;
  final Device device;

  /// Of a tall one; a wide one has a metric a column.
  final @Nullable Metric metric;

  /// Where the value of a tall one is kept that is no number; null if it is one.
  final @Nullable UUID text;

  final long atUs;

  Reading(TablePlan plan, Device device, @Nullable Metric metric, @Nullable UUID text, long atUs) {
    this.plan = plan;
    this.device = device;
    this.metric = metric;
    this.text = text;
    this.atUs = atUs;
  }
}
