package io.claritystream.stream.materializer;

import org.jspecify.annotations.Nullable;

/// What one batch adds to one minute of one series, and what it takes away: of rows that were there
/// before it.
final class Minute extends Tally {
  final Series series;

  /// Minutes since 1970.
  final int minute;

  @Nullable Tally removed;

  Minute(Series series, int minute) {
    this.series = series;
    this.minute = minute;
  }

  Tally removed() {
    var tally = removed;
    if (tally == null) {
      tally = new Tally();
      removed = tally;
    }
    return tally;
  }
}
