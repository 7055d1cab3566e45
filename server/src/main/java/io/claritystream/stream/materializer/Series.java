package io.claritystream.stream.materializer;

import org.jspecify.annotations.Nullable;

/// One metric of one device, as a source's fold knows it.
final class Series {
  static final int UNKNOWN = 0;

  final Device device;
  final Metric metric;

  /// Its number in the dictionary; [#UNKNOWN] until that was asked.
  int id = UNKNOWN;

  /// The minute that the last reading fell into, in the batch of [#batch].
  @Nullable Minute current;

  long batch;

  /// When the newest finite value was taken that is committed or about to be, as far as is
  /// known.
  long newestAtUs = Long.MIN_VALUE;

  long newestSeq;

  Series(Device device, Metric metric) {
    this.device = device;
    this.metric = metric;
  }
}
