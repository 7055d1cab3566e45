package io.claritystream.stream.bus;

/// What happens to the records of a partition; known to the bus only as this.
@FunctionalInterface
public interface LaneWork {
  /// A partition was given to this process. Called on the thread that polls, so it starts a thread
  /// of its own and returns. The lane delivers nothing before [Lane#seek].
  void opened(Lane lane);
}
