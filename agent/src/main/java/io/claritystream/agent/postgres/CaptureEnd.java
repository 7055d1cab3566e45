package io.claritystream.agent.postgres;

/// How an attempt to capture ended.
public sealed interface CaptureEnd {
  /// It was asked to.
  record Stopped() implements CaptureEnd {}

  /// Something that passes by itself: the attempt is made again soon.
  record Interrupted(String reason) implements CaptureEnd {}

  /// Something that a person has to mend: the attempt is made again now and then.
  record Refused(String reason) implements CaptureEnd {}

  /// What was captured cannot be continued: a new snapshot in a new epoch is needed.
  record Broken(String reason) implements CaptureEnd {}
}
