package io.claritystream.maestro.definition;

/// What a grant permits with one workflow.
public enum Access {
  /// Start and cancel its executions.
  RUN,
  /// The same, and change, publish and delete it.
  EDIT
}
