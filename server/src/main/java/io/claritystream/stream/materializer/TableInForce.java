package io.claritystream.stream.materializer;

import io.claritystream.stream.materializer.SourceTables.Known;

/// What is known of a captured table.
///
/// @param newest the version that was made known last
/// @param inForce that of its newest event: a definition that is taken back, and a table that is
///     captured again, have one that was made known before
/// @param seq the event with which that came into force, as an [Ordinal]
record TableInForce(Known newest, Known inForce, long seq) {
  /// Whether the newest that was told of it is its name alone.
  boolean isCapturedNoMore() {
    return inForce.nameAlone();
  }
}
