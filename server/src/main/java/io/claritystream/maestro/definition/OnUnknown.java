package io.claritystream.maestro.definition;

/// What to do when nobody can tell whether a request reached its receiver.
public enum OnUnknown {
  /// Send it again, with the same Idempotency-Key.
  RETRY,
  /// Wait for a person to decide.
  PARK,
  /// The step has failed.
  FAIL
}
