package io.claritystream.stream.materializer;

/// What the rows of a table are.
public enum Entity {
  /// A place that devices belong to.
  SITE,
  /// A machine, vehicle, meter … that readings are of.
  DEVICE,
  /// Readings of devices: they become minutes of metrics and are no entities themselves.
  METRIC,
  /// Spans of time that give context to a device: stops, shifts, batches. Kept as rows.
  SESSION,
  /// Nothing is made of it; bronze has it.
  IGNORE,
  /// Anything else: an entity with typed extras.
  ROW;

  /// As the API and the stored mapping spell it.
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
