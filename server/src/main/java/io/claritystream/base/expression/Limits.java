package io.claritystream.base.expression;

import java.time.Duration;

/// How much one expression may be, do and use.
///
/// @param steps evaluated parts of the expression, and items that built-in functions walk over
/// @param time on the clock, looked at every thousand steps: the steps end an evaluation before,
///     unless the machine is slow
/// @param bytes of memory for strings, lists and objects that the evaluation makes, all together
/// @param depth nested parts of the expression under evaluation, over all calls of functions
/// @param outputBytes of the answer as JSON text
record Limits(int steps, Duration time, long bytes, int depth, long outputBytes) {

  /// Of the source, in UTF-16 units.
  static final int SOURCE_LENGTH = 8 * 1024;

  /// Of the source: parentheses, operators and functions within each other.
  static final int NESTING = 256;

  /// Of values: lists and objects within each other.
  static final int VALUE_DEPTH = 256;

  /// Of pictures for dates and numbers, in UTF-16 units.
  static final int PICTURE_LENGTH = 256;

  static final Limits DEFAULT =
      new Limits(2_000_000, Duration.ofMillis(250), 32L << 20, 1_500, 1L << 20);
}
