package io.claritystream.maestro.engine;

import io.claritystream.maestro.definition.OnError;
import org.jspecify.annotations.Nullable;

/// Where an execution stands in its workflow.
///
/// Steps are gone through in the plan's order, which is one in which each comes after all that lead
/// to it. One is run if an edge that was taken leads to it, and passed over otherwise: when it is
/// its turn, all edges to it are settled. So a step runs once at most, and what is next follows
/// from what the steps before it did and nothing else.
final class Walk {
  /// All steps were gone through.
  static final int END = -1;

  private final Route route;
  private final boolean[] reached;
  private int next;

  Walk(Route route, @Nullable String trigger) {
    this.route = route;
    this.reached = new boolean[route.steps().size()];
    for (var to : route.from(trigger)) {
      reached[to] = true;
    }
  }

  /// The step whose turn it is, or [#END].
  int next() {
    while (next < reached.length && !reached[next]) {
      next++;
    }
    return next < reached.length ? next : END;
  }

  /// The step whose turn it is has succeeded.
  ///
  /// @param caseName that a branch took
  void succeeded(@Nullable String caseName) {
    // Steps that no edge leads to are passed over by whoever reads the journal as well.
    next();
    for (var edge : route.edges(next)) {
      if (!edge.onError() && (edge.caseName() == null || edge.caseName().equals(caseName))) {
        reached[edge.to()] = true;
      }
    }
    next++;
  }

  /// The step whose turn it is has failed for good, and the workflow goes on all the same.
  void handled() {
    next();
    var alongErrors = route.steps().get(next).onError() == OnError.EDGE;
    for (var edge : route.edges(next)) {
      if (edge.onError() == alongErrors && edge.caseName() == null) {
        reached[edge.to()] = true;
      }
    }
    next++;
  }
}
