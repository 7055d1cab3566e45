package io.claritystream.maestro.action;

import io.claritystream.maestro.definition.Step;
import org.jspecify.annotations.Nullable;

/// A step that can be run, by any number of executions at a time.
public interface CompiledStep {

  Step step();

  /// Whether it acts on the world outside, so that an intent is to be written before.
  default boolean acts() {
    return false;
  }

  /// Whether it waits for others, so that it takes as long as they like.
  default boolean waits() {
    return acts();
  }

  /// Maps what the step is given; [StepOutcome.Failed] as an exception if that cannot be done.
  Prepared prepare(StepScope scope) throws StepFailure;

  /// A try that is about to be made.
  interface Prepared {
    /// For the log: what the step is given, plain JSON and without secrets; null for nothing.
    @Nullable Object input();

    /// Does it. Interrupting the thread ends it at once.
    StepOutcome perform() throws InterruptedException;
  }
}
