package io.claritystream.maestro.definition;

import io.claritystream.base.expression.Expression;
import io.claritystream.base.expression.ExpressionFault;
import io.claritystream.base.expression.Expressions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Whether every expression can be read, and reads only what is there by the time it runs.
final class ExpressionChecks {
  /// What every expression sees.
  private static final Set<String> ROOTS = Set.of("trigger", "steps", "execution");

  private static final Set<String> ROOTS_WITH_INPUT =
      Set.of("trigger", "steps", "execution", "input");

  private final WorkflowDocument document;
  private final Graph graph;
  private final Expressions expressions;
  private final Flaws flaws;

  /// What may be read at one place.
  ///
  /// @param roots null if anything may: the root is what the step's own input maps
  /// @param node the step whose expression it is; null before any step runs
  private record Scope(@Nullable Set<String> roots, @Nullable Integer node) {}

  ExpressionChecks(WorkflowDocument document, Graph graph, Expressions expressions, Flaws flaws) {
    this.document = document;
    this.graph = graph;
    this.expressions = expressions;
    this.flaws = flaws;
  }

  void check() {
    Scope before = new Scope(ROOTS, null);
    value(document.settings().correlationKey(), "/settings/correlation_key", before);
    value(document.settings().executionName(), "/settings/execution_name", before);
    for (int i = 0; i < document.steps().size(); i++) {
      step(document.steps().get(i), "/steps/" + i, graph.stepNode(i));
    }
  }

  private void step(Step step, String pointer, int node) {
    boolean ownInput = step.input() != null;
    Scope config = new Scope(ownInput ? ROOTS_WITH_INPUT : ROOTS, node);
    value(step.input(), pointer + "/input", new Scope(ROOTS, node));
    value(step.idempotencyKey(), pointer + "/idempotency_key", config);
    if (step.config() instanceof Step.Transform transform) {
      if (!transform.expression().isBlank()
          && !WorkflowDocument.isExpression(transform.expression())) {
        Scope root = ownInput ? new Scope(null, node) : config;
        expression(transform.expression(), pointer + "/config/expression", root);
      }
    } else {
      value(DocumentWriter.config(step.config()), pointer + "/config", config);
    }
  }

  private void value(@Nullable Object value, String pointer, Scope scope) {
    switch (value) {
      case String text when WorkflowDocument.isExpression(text) ->
          expression(text.substring(1), pointer, scope);
      case Map<?, ?> map -> map.forEach((name, each) -> value(each, Flaw.at(pointer, name), scope));
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          value(list.get(i), Flaw.at(pointer, i), scope);
        }
      }
      case null, default -> {}
    }
  }

  private void expression(String source, String pointer, Scope scope) {
    try {
      Expression expression = expressions.compile(source);
      if (scope.roots() != null) {
        for (String reference : expression.references()) {
          reference(reference, pointer, scope);
        }
      }
      for (ExpressionFault mistake : expression.mistakes()) {
        boolean unknown = mistake.kind() == ExpressionFault.Kind.UNDEFINED_FUNCTION;
        flaws.add(
            pointer,
            unknown ? "unknown_function" : "wrong_arguments",
            said(mistake),
            unknown
                ? "Call a function that there is, or define this one with :=."
                : "Give it the arguments that it takes.");
      }
    } catch (ExpressionFault fault) {
      flaws.add(
          pointer,
          "bad_expression",
          said(fault),
          "Correct the expression; a text that is meant to begin with = is written as =\"= text\".");
    }
  }

  private static String said(ExpressionFault fault) {
    Integer position = fault.position();
    String why = String.valueOf(fault.getMessage()).replaceFirst("[.]$", "");
    return position == null ? why : "at character " + (position + 1) + ": " + why;
  }

  /// @param reference `trigger`, `steps`, `steps.map`, `execution.id`
  private void reference(String reference, String pointer, Scope scope) {
    String[] path = reference.split("\\.", 3);
    Set<String> roots = scope.roots();
    if (roots != null && !roots.contains(path[0])) {
      String known = String.join(", ", roots.stream().sorted().toList());
      flaws.add(
          pointer,
          "unknown_reference",
          path[0] + " is not known here",
          "Begin with one of "
              + known
              + (path[0].equals("input") ? "; input is there when the step maps one." : "."));
    } else if (path[0].equals("steps") && path.length > 1) {
      step(path[1], pointer, scope);
    }
  }

  private void step(String id, String pointer, Scope scope) {
    Integer read = graph.node(id);
    if (read == null || graph.isTrigger(read)) {
      flaws.add(
          pointer,
          "unknown_reference",
          "no step is called " + id,
          "Correct the id" + (read == null ? "." : "; what started the execution is trigger."));
    } else if (scope.node() == null || !graph.leads(read, scope.node())) {
      flaws.add(
          pointer,
          "not_before",
          "the step " + id + " does not run before this",
          "Draw edges that lead from it to here, or read something else.");
    }
  }
}
