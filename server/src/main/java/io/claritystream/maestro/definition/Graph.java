package io.claritystream.maestro.definition;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Triggers and steps as nodes, and which can be reached from which. Edges that name something else
/// are left out, and so are edges into triggers. Of two parts with one id the first counts.
final class Graph {
  private final int triggers;
  private final Map<String, Integer> nodes = new HashMap<>();
  private final List<BitSet> next = new ArrayList<>();
  private final List<BitSet> reach = new ArrayList<>();

  Graph(WorkflowDocument document) {
    this.triggers = document.triggers().size();
    int count = triggers + document.steps().size();
    for (int i = 0; i < triggers; i++) {
      nodes.putIfAbsent(document.triggers().get(i).id(), i);
    }
    for (int i = 0; i < document.steps().size(); i++) {
      nodes.putIfAbsent(document.steps().get(i).id(), triggers + i);
    }
    for (int i = 0; i < count; i++) {
      next.add(new BitSet());
    }
    for (Edge edge : document.edges()) {
      Integer from = nodes.get(edge.from());
      Integer to = nodes.get(edge.to());
      if (from != null && to != null && to >= triggers) {
        next.get(from).set(to);
      }
    }
    for (int i = 0; i < count; i++) {
      reach.add(reachedFrom(i));
    }
  }

  /// Null if nothing is called so.
  @Nullable Integer node(String id) {
    return nodes.get(id);
  }

  int stepNode(int position) {
    return triggers + position;
  }

  boolean isTrigger(int node) {
    return node < triggers;
  }

  BitSet next(int node) {
    return next.get(node);
  }

  /// Whether edges lead from one to the other; from a node to itself only in a circle.
  boolean leads(int from, int to) {
    return reach.get(from).get(to);
  }

  /// Whether any trigger leads to it.
  boolean reached(int node) {
    for (int trigger = 0; trigger < triggers; trigger++) {
      if (leads(trigger, node)) {
        return true;
      }
    }
    return false;
  }

  private BitSet reachedFrom(int start) {
    BitSet reached = new BitSet();
    Deque<Integer> open = new ArrayDeque<>();
    open.add(start);
    while (!open.isEmpty()) {
      BitSet further = (BitSet) next.get(open.remove()).clone();
      further.andNot(reached);
      reached.or(further);
      further.stream().forEach(open::add);
    }
    return reached;
  }
}
