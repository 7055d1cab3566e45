package io.claritystream.maestro.definition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Whether the edges lead somewhere, and nowhere in a circle.
final class EdgeChecks {
  private final WorkflowDocument document;
  private final Graph graph;
  private final Flaws flaws;
  private final Map<String, Step> steps = new HashMap<>();

  EdgeChecks(WorkflowDocument document, Graph graph, Flaws flaws) {
    this.document = document;
    this.graph = graph;
    this.flaws = flaws;
    document.steps().forEach(step -> steps.putIfAbsent(step.id(), step));
  }

  void check() {
    Set<Edge> seen = new HashSet<>();
    for (int i = 0; i < document.edges().size(); i++) {
      Edge edge = document.edges().get(i);
      String pointer = "/edges/" + i;
      if (!seen.add(edge)) {
        flaws.add(pointer, "duplicate_edge", "is there twice", "Remove one of them.");
      }
      ends(edge, pointer);
      conditions(edge, pointer);
    }
    for (int i = 0; i < document.steps().size(); i++) {
      Step step = document.steps().get(i);
      String pointer = "/steps/" + i;
      branch(step, pointer);
      errors(step, pointer);
      Integer node = graph.node(step.id());
      boolean second = node == null || node != graph.stepNode(i);
      if (!second && !graph.reached(node) && !document.triggers().isEmpty()) {
        flaws.add(
            pointer,
            "unreachable",
            "the step " + step.id() + " is never reached: no trigger leads to it",
            "Draw an edge to it, or remove it.");
      }
    }
    for (int i = 0; i < document.triggers().size(); i++) {
      if (graph.next(i).isEmpty() && !document.steps().isEmpty()) {
        flaws.add(
            "/triggers/" + i,
            "leads_nowhere",
            "no edge begins at the trigger " + document.triggers().get(i).id(),
            "Draw an edge from it to the first step, or remove it.");
      }
    }
    circles();
  }

  private void ends(Edge edge, String pointer) {
    Integer from = graph.node(edge.from());
    Integer to = graph.node(edge.to());
    if (from == null) {
      unknown(pointer + "/from", edge.from());
    }
    if (to == null) {
      unknown(pointer + "/to", edge.to());
    } else if (graph.isTrigger(to)) {
      flaws.add(
          pointer + "/to",
          "into_trigger",
          edge.to() + " is a trigger, and nothing leads to a trigger",
          "Let the edge end at a step.");
    }
  }

  private void unknown(String pointer, String id) {
    flaws.add(
        pointer,
        "unknown_reference",
        "no trigger or step is called " + id,
        "Correct the id, or remove the edge.");
  }

  private void conditions(Edge edge, String pointer) {
    Step from = steps.get(edge.from());
    String caseName = edge.caseName();
    if (edge.onError() && caseName != null) {
      flaws.add(
          pointer,
          "case_and_error",
          "is an error edge and one of a case: a branch that fails has chosen none",
          "Remove case, or on.");
      return;
    }
    if (from == null) {
      if ((caseName != null || edge.onError()) && graph.node(edge.from()) != null) {
        flaws.add(
            pointer,
            "condition_of_trigger",
            "begins at a trigger, which has neither cases nor errors",
            "Remove case and on.");
      }
      return;
    }
    if (from.config() instanceof Step.Branch branch) {
      branchEdge(edge, branch, pointer);
    } else if (caseName != null) {
      flaws.add(
          pointer + "/case",
          "case_of_no_branch",
          from.id() + " is no branch, so its edges have no case",
          "Remove case.");
    }
    if (edge.onError() && from.onError() != OnError.EDGE) {
      flaws.add(
          pointer + "/on",
          "error_edge_unused",
          "is never taken, because on_error of " + from.id() + " is not edge",
          "Set on_error of the step to edge, or remove the edge.");
    }
  }

  private void branchEdge(Edge edge, Step.Branch branch, String pointer) {
    String caseName = edge.caseName();
    if (edge.onError()) {
      return;
    }
    if (caseName == null) {
      flaws.add(
          pointer,
          "edge_without_case",
          "begins at the branch " + edge.from() + " and does not say for which case",
          "Add case: one of " + String.join(", ", caseNames(branch)) + ".");
    } else if (!caseNames(branch).contains(caseName)) {
      flaws.add(
          pointer + "/case",
          "unknown_reference",
          "the branch " + edge.from() + " has no case " + caseName,
          "Use one of " + String.join(", ", caseNames(branch)) + ", or add the case.");
    }
  }

  private static List<String> caseNames(Step.Branch branch) {
    List<String> names = new ArrayList<>();
    branch.cases().forEach(each -> names.add(each.name()));
    if (branch.otherwise() != null) {
      names.add(branch.otherwise());
    }
    return names;
  }

  private void branch(Step step, String pointer) {
    if (!(step.config() instanceof Step.Branch branch)) {
      return;
    }
    if (branch.cases().isEmpty()) {
      flaws.add(
          pointer + "/config/cases",
          "no_case",
          "the branch " + step.id() + " has no case to choose",
          "Add one, with a name and a condition.");
    }
    if (step.onError() == OnError.CONTINUE) {
      flaws.add(
          pointer + "/on_error",
          "branch_continues",
          "a branch that fails has no case to go on with",
          "Use stop, or edge and an error edge.");
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < branch.cases().size(); i++) {
      String name = branch.cases().get(i).name();
      String at = pointer + "/config/cases/" + i;
      if (!names.add(name)) {
        flaws.add(
            at + "/name", "duplicate_id", "there is another case " + name, "Rename one of them.");
      } else {
        leadsOn(step.id(), name, at);
      }
    }
    String otherwise = branch.otherwise();
    if (otherwise != null && !names.contains(otherwise)) {
      leadsOn(step.id(), otherwise, pointer + "/config/otherwise");
    }
  }

  private void leadsOn(String branch, String name, String pointer) {
    boolean leads =
        document.edges().stream()
            .anyMatch(edge -> edge.from().equals(branch) && name.equals(edge.caseName()));
    if (!leads) {
      flaws.add(
          pointer,
          "case_without_edge",
          "no edge of the branch " + branch + " is for its case " + name,
          "Draw one, or remove the case.");
    }
  }

  private void errors(Step step, String pointer) {
    if (step.onError() != OnError.EDGE) {
      return;
    }
    boolean leads =
        document.edges().stream().anyMatch(edge -> edge.from().equals(step.id()) && edge.onError());
    if (!leads) {
      flaws.add(
          pointer + "/on_error",
          "error_edge_missing",
          "on_error of " + step.id() + " is edge, and no error edge begins at it",
          "Draw an edge with on: error, or use stop or continue.");
    }
  }

  /// One circle after another, until none is left of what leads back to itself.
  private void circles() {
    Set<Integer> left = new LinkedHashSet<>();
    for (int position = 0; position < document.steps().size(); position++) {
      int node = graph.stepNode(position);
      if (graph.leads(node, node)) {
        left.add(node);
      }
    }
    while (!left.isEmpty()) {
      List<Integer> circle = circle(left.iterator().next());
      left.removeAll(circle);
      List<String> ids = circle.stream().map(this::id).toList();
      String first = ids.getFirst();
      String last = ids.getLast();
      int back = 0;
      while (!document.edges().get(back).from().equals(last)
          || !document.edges().get(back).to().equals(first)) {
        back++;
      }
      flaws.add(
          "/edges/" + back,
          "cycle",
          "closes a circle: " + ids.stream().collect(Collectors.joining(" → ")) + " → " + first,
          "Remove one of its edges; a workflow runs forward only.");
    }
  }

  /// A shortest way from the node back to itself, without the return.
  private List<Integer> circle(int start) {
    Map<Integer, Integer> cameFrom = new HashMap<>();
    Deque<Integer> open = new ArrayDeque<>();
    open.add(start);
    while (!open.isEmpty()) {
      int node = open.remove();
      if (graph.next(node).get(start)) {
        List<Integer> way = new ArrayList<>();
        for (Integer at = node; at != start; at = cameFrom.get(at)) {
          way.addFirst(at);
        }
        way.addFirst(start);
        return way;
      }
      graph.next(node).stream()
          .filter(to -> to != start && !cameFrom.containsKey(to))
          .forEach(
              to -> {
                cameFrom.put(to, node);
                open.add(to);
              });
    }
    throw new IllegalStateException("no circle through node " + start);
  }

  private String id(int node) {
    return document.steps().get(node - document.triggers().size()).id();
  }
}
