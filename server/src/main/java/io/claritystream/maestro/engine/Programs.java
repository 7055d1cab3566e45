package io.claritystream.maestro.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.base.expression.Expressions;
import io.claritystream.maestro.action.Actions;
import io.claritystream.maestro.action.CompiledStep;
import io.claritystream.maestro.action.Mapped;
import io.claritystream.maestro.definition.PublishedWorkflow;
import io.claritystream.maestro.definition.Workflows;
import java.util.ArrayList;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Versions of workflows, ready to be run. A version never changes, so what was compiled stays
/// good; whether a workflow is enabled is not asked here.
final class Programs {
  private static final int KEPT_MAX = 500;

  private final Workflows workflows;
  private final Expressions expressions;
  private final Actions actions;
  private final Cache<Key, Program> programs = Caffeine.newBuilder().maximumSize(KEPT_MAX).build();

  private record Key(UUID workflow, int version) {}

  Programs(Workflows workflows, Expressions expressions, Actions actions) {
    this.workflows = workflows;
    this.expressions = expressions;
    this.actions = actions;
  }

  /// Empty if there is no such version.
  Optional<Program> program(UUID workflow, int version) {
    var key = new Key(workflow, version);
    var known = programs.getIfPresent(key);
    if (known != null) {
      return Optional.of(known);
    }
    var compiled = workflows.version(workflow, version).map(this::compile);
    compiled.ifPresent(program -> programs.put(key, program));
    return compiled;
  }

  /// Throws IllegalStateException for a document that does not compile, which none that was
  /// published does.
  private Program compile(PublishedWorkflow workflow) {
    var document = workflow.document();
    try {
      var route = Route.of(document);
      var steps = new ArrayList<CompiledStep>();
      for (var step : route.steps()) {
        steps.add(actions.compile(step, "/steps/" + document.steps().indexOf(step)));
      }
      return new Program(
          workflow,
          route,
          steps,
          mapped(document.settings().executionName(), "/settings/execution_name"),
          mapped(document.settings().correlationKey(), "/settings/correlation_key"),
          new Glimpses(document.settings().redact()),
          new FirstStep());
    } catch (ExpressionFault e) {
      throw new IllegalStateException(
          "workflow "
              + workflow.workflowId()
              + " version "
              + workflow.version()
              + " does not compile",
          e);
    }
  }

  private @Nullable Mapped mapped(@Nullable Object template, String pointer)
      throws ExpressionFault {
    return template == null ? null : Mapped.of(template, pointer, expressions);
  }
}
