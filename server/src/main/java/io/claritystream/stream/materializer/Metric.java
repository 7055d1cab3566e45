package io.claritystream.stream.materializer;

/// A name that readings use, as a source's fold knows it.
final class Metric {
  static final int UNKNOWN = 0;

  final String key;
  final String name;
  final String unit;

  /// Counts the metrics of a source, to find a device's series fast.
  final int index;

  /// Its number in the workspace's dictionary; [#UNKNOWN] until that was asked.
  int id = UNKNOWN;

  Metric(String key, String name, String unit, int index) {
    this.key = key;
    this.name = name;
    this.unit = unit;
    this.index = index;
  }
}
