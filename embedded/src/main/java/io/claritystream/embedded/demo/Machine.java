package io.claritystream.embedded.demo;

import org.jspecify.annotations.Nullable;

/// A machine with its readings' character.
///
/// @param id its row in the database, and its streams of noise
/// @param number tells machines of one class at a site, or on a line, apart; from 1
/// @param line the line it stands in, null for a utility
record Machine(
    int id,
    Site site,
    @Nullable Line line,
    MachineClass kind,
    int number,
    String tag,
    String name) {

  /// A stream of noise of this machine's own.
  long stream(int purpose) {
    return id * 1_000L + purpose;
  }
}
