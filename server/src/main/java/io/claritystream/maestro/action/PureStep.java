package io.claritystream.maestro.action;

import io.claritystream.maestro.definition.Step;
import org.jspecify.annotations.Nullable;

/// A step that maps and decides, and touches nothing outside.
final class PureStep implements CompiledStep {
  private final Step step;
  private final @Nullable Mapped input;
  private final Work work;

  /// What it does with its scope, `input` among it.
  interface Work {
    StepOutcome apply(StepScope scope, @Nullable Object input) throws MappingFault, StepFailure;
  }

  PureStep(Step step, @Nullable Mapped input, Work work) {
    this.step = step;
    this.input = input;
    this.work = work;
  }

  @Override
  public Step step() {
    return step;
  }

  @Override
  public Prepared prepare(StepScope scope) throws StepFailure {
    var given = input == null ? null : mapped(input, scope);
    var own = input == null ? scope : scope.with(given);
    return new Prepared() {
      @Override
      public @Nullable Object input() {
        return given;
      }

      @Override
      public StepOutcome perform() {
        try {
          return work.apply(own, given);
        } catch (MappingFault e) {
          return new StepOutcome.Failed(e.error());
        } catch (StepFailure e) {
          return new StepOutcome.Failed(e.error());
        }
      }
    };
  }

  static @Nullable Object mapped(Mapped mapped, StepScope scope) throws StepFailure {
    try {
      return mapped.evaluate(scope.context(), scope.moment());
    } catch (MappingFault e) {
      throw new StepFailure(e.error());
    }
  }
}
