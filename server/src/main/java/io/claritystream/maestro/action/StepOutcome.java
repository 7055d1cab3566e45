package io.claritystream.maestro.action;

import org.jspecify.annotations.Nullable;

/// How one try of a step ended.
public sealed interface StepOutcome {

  /// @param output what the step answered, plain JSON
  record Done(@Nullable Object output) implements StepOutcome {}

  /// A branch took this case; null for none.
  record Chosen(@Nullable String caseName) implements StepOutcome {}

  /// The caller of the webhook is to be answered so.
  record Answered(Answer answer) implements StepOutcome {}

  /// It failed, and nothing happened outside, or what happened is known.
  record Failed(StepError error) implements StepOutcome {}

  /// It failed, and nobody knows whether it has acted.
  record Unknown(StepError error) implements StepOutcome {}
}
