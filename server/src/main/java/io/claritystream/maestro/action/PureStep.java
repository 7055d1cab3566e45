package io.claritystream.maestro.action;

import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.maestro.definition.Step;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A step that maps and decides, and touches nothing outside.
final class PureStep implements CompiledStep {
  private final Step step;
  private final @Nullable Mapped input;
  private final Work work;

  /// What it does with its scope, `input` among it.
  interface Work {
    StepOutcome apply(StepScope scope, @Nullable Object input) throws ExpressionFault, StepFailure;
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
    var given = input == null ? null : mapped(input, scope, "input");
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
        } catch (ExpressionFault e) {
          return new StepOutcome.Failed(error(e, step.config().type()));
        } catch (StepFailure e) {
          return new StepOutcome.Failed(e.error());
        }
      }
    };
  }

  static @Nullable Object mapped(Mapped mapped, StepScope scope, String what) throws StepFailure {
    try {
      return mapped.evaluate(scope.context(), scope.moment());
    } catch (ExpressionFault e) {
      throw new StepFailure(error(e, what));
    }
  }

  private static StepError error(ExpressionFault fault, String what) {
    return StepError.of(
        "expression_" + fault.kind().name().toLowerCase(Locale.ROOT),
        "The expression of " + what + " cannot be evaluated: " + fault.getMessage());
  }
}
