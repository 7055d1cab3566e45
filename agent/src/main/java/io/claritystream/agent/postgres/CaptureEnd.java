package io.claritystream.agent.postgres;

import io.claritystream.protocol.link.GapCause;

/// How an attempt to capture ended.
public sealed interface CaptureEnd {
  /// It was asked to.
  record Stopped() implements CaptureEnd {}

  /// Something that passes by itself: the attempt is made again soon.
  record Interrupted(String reason) implements CaptureEnd {}

  /// Something that a person has to mend: the attempt is made again now and then.
  record Refused(String reason) implements CaptureEnd {}

  /// The source has forgotten changes that were not captured.
  ///
  /// @param from all that committed up to here was captured; 0 if that is not known
  /// @param to where the source goes on; 0 if that is not known
  record Missing(GapCause cause, String words, long from, long to) implements CaptureEnd {}

  /// The database did not decode its log, for a reason of which it is not known whether it stays.
  ///
  /// @param failure the same for the same failure at the same place
  /// @param missing what is to be said if it stays
  record Undecoded(String failure, String reason, Missing missing) implements CaptureEnd {}

  /// What was captured cannot be continued: a new snapshot in a new epoch is needed.
  record Broken(String reason) implements CaptureEnd {}
}
