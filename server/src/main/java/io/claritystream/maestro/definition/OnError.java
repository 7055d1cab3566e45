package io.claritystream.maestro.definition;

/// What becomes of an execution when a step has failed for good.
public enum OnError {
  /// It fails.
  STOP,
  /// It goes on along the step's ordinary edges; the step's output is its error.
  CONTINUE,
  /// It goes on along the step's error edges.
  EDGE
}
