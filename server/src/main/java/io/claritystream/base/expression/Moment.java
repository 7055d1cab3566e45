package io.claritystream.base.expression;

import java.time.Instant;

/// What an expression may know of time and chance. `$now`, `$millis`, `$random` and `$shuffle` are
/// functions of it and of nothing else, so that the same input at the same moment gives the same
/// answer on every machine and at every repetition.
public record Moment(Instant now, long seed) {}
