package io.claritystream.stream.materializer;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What a row of sessions says: when its device did what, and why.
///
/// @param deviceId null if it is no single device's
/// @param siteId that the row itself names
/// @param startUs microseconds since 1970
/// @param endUs [Moment#NONE] while it lasts, or if the next row ends it
record Span(
    @Nullable UUID deviceId,
    @Nullable UUID siteId,
    @Nullable String state,
    @Nullable String reason,
    long startUs,
    long endUs,
    boolean lastsUntilNext) {

  /// What it is once its row is deleted at the source and stays as history: nobody would tell its
  /// end any more, so it lasts no longer. One that the next row ends is ended by that.
  ///
  /// @param deletedUs [Moment#NONE] if the row is there
  Span endedBy(long deletedUs) {
    return deletedUs == Moment.NONE || endUs != Moment.NONE || lastsUntilNext
        ? this
        : new Span(deviceId, siteId, state, reason, startUs, Math.max(startUs, deletedUs), false);
  }
}
