package io.claritystream.maestro.action;

import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.base.expression.Expressions;
import io.claritystream.base.outbound.OutboundClient;
import io.claritystream.maestro.definition.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Makes steps that can be run of those that a document describes.
public final class Actions {
  private static final int STATUS_MIN = 200;
  private static final int STATUS_MAX = 599;

  private final Expressions expressions;
  private final OutboundClient client;
  private final Credentials credentials;

  public Actions(Expressions expressions, OutboundClient client, Credentials credentials) {
    this.expressions = expressions;
    this.client = client;
    this.credentials = credentials;
  }

  /// @param pointer where the step stands in its document
  public CompiledStep compile(Step step, String pointer) throws ExpressionFault {
    var input = optional(step.input(), pointer + "/input");
    var config = pointer + "/config";
    return switch (step.config()) {
      case Step.Transform transform -> transform(step, config, input, transform);
      case Step.SetValues set -> set(step, config, input, set);
      case Step.Branch branch -> branch(step, config, input, branch);
      case Step.Fail fail -> fail(step, config, input, fail);
      case Step.Respond respond -> respond(step, config, input, respond);
      case Step.HttpRequest request ->
          new HttpStep(
              step,
              request,
              client,
              credentials,
              input,
              mapped(request.url(), config + "/url"),
              mapped(request.headers(), config + "/headers"),
              mapped(request.query(), config + "/query"),
              optional(request.body(), config + "/body"),
              optional(step.idempotencyKey(), pointer + "/idempotency_key"));
    };
  }

  private CompiledStep transform(
      Step step, String config, @Nullable Mapped input, Step.Transform transform)
      throws ExpressionFault {
    // Here no = is in front.
    var expression =
        new Mapped.Evaluated(config + "/expression", expressions.compile(transform.expression()));
    return new PureStep(
        step,
        input,
        (scope, given) ->
            new StepOutcome.Done(
                expression.evaluate(input == null ? scope.context() : given, scope.moment())));
  }

  private CompiledStep set(Step step, String config, @Nullable Mapped input, Step.SetValues set)
      throws ExpressionFault {
    var values = mapped(set.values(), config + "/values");
    return new PureStep(
        step,
        input,
        (scope, given) -> new StepOutcome.Done(values.evaluate(scope.context(), scope.moment())));
  }

  /// A case with its condition.
  private record Choice(String name, Mapped when) {}

  private CompiledStep branch(Step step, String config, @Nullable Mapped input, Step.Branch branch)
      throws ExpressionFault {
    List<Choice> choices = new ArrayList<>();
    for (var one : branch.cases()) {
      var when = config + "/cases/" + choices.size() + "/when";
      choices.add(new Choice(one.name(), mapped(one.when(), when)));
    }
    return new PureStep(
        step,
        input,
        (scope, given) -> {
          for (var choice : choices) {
            var holds = choice.when.evaluate(scope.context(), scope.moment());
            if (Boolean.TRUE.equals(holds)) {
              return new StepOutcome.Chosen(choice.name);
            }
            // What is missing does not hold; anything else is a mistake that would stay hidden.
            if (holds != null && !(holds instanceof Boolean)) {
              throw new StepFailure(
                  StepError.of(
                      "mapping",
                      "The condition of case "
                          + choice.name
                          + " has to be true or false; compare the value, or use $boolean()."));
            }
          }
          return new StepOutcome.Chosen(branch.otherwise());
        });
  }

  private CompiledStep fail(Step step, String config, @Nullable Mapped input, Step.Fail fail)
      throws ExpressionFault {
    var message = mapped(fail.message(), config + "/message");
    return new PureStep(
        step,
        input,
        (scope, given) ->
            new StepOutcome.Failed(
                StepError.of(
                    "fail", String.valueOf(message.evaluate(scope.context(), scope.moment())))));
  }

  private CompiledStep respond(
      Step step, String config, @Nullable Mapped input, Step.Respond respond)
      throws ExpressionFault {
    var status = mapped(respond.status(), config + "/status");
    var headers = mapped(respond.headers(), config + "/headers");
    var body = optional(respond.body(), config + "/body");
    return new PureStep(
        step,
        input,
        (scope, given) -> {
          var number = status.evaluate(scope.context(), scope.moment());
          if (!(number instanceof Number code)
              || code.doubleValue() != code.intValue()
              || code.intValue() < STATUS_MIN
              || code.intValue() > STATUS_MAX) {
            throw new StepFailure(
                StepError.of(
                    "mapping",
                    "The status has to be a whole number from 200 to 599, and its mapping gives "
                        + number
                        + "."));
          }
          var sent = new LinkedHashMap<String, String>();
          if (headers.evaluate(scope.context(), scope.moment()) instanceof Map<?, ?> map) {
            map.forEach(
                (name, value) -> {
                  if (value != null) {
                    sent.put(String.valueOf(name), String.valueOf(value));
                  }
                });
          }
          if (!Answer.holds(sent)) {
            throw new StepFailure(
                StepError.of(
                    "headers_too_large",
                    "The headers are more than %d, or longer than %d characters together; send what they hold in the body."
                        .formatted(Answer.HEADERS_MAX, Answer.HEADER_CHARACTERS_MAX)));
          }
          var content = body == null ? null : body.evaluate(scope.context(), scope.moment());
          if (content instanceof String text) {
            Sendable.of(text, "body");
          }
          return new StepOutcome.Answered(new Answer(code.intValue(), sent, content));
        });
  }

  private Mapped mapped(@Nullable Object template, String pointer) throws ExpressionFault {
    return Mapped.of(template, pointer, expressions);
  }

  private @Nullable Mapped optional(@Nullable Object template, String pointer)
      throws ExpressionFault {
    return template == null ? null : mapped(template, pointer);
  }
}
