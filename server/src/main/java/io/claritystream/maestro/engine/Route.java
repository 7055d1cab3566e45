package io.claritystream.maestro.engine;

import io.claritystream.maestro.definition.Step;
import io.claritystream.maestro.definition.WorkflowDocument;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/// The steps of a document in an order in which each comes after all that lead to it; of those that
/// could come next, the one that stands first in the document does.
final class Route {
  private final List<Step> steps;
  private final Map<String, List<Integer>> triggers;
  private final List<List<Way>> ways;
  private final Map<String, Integer> places = new HashMap<>();

  /// An edge to the step at a place.
  record Way(int to, @Nullable String caseName, boolean onError) {}

  private Route(List<Step> steps, Map<String, List<Integer>> triggers, List<List<Way>> ways) {
    this.steps = steps;
    this.triggers = triggers;
    this.ways = ways;
    for (var i = 0; i < steps.size(); i++) {
      places.put(steps.get(i).id(), i);
    }
  }

  /// @param document a valid one: without cycles
  static Route of(WorkflowDocument document) {
    var numbers = new HashMap<String, Integer>();
    for (var i = 0; i < document.steps().size(); i++) {
      numbers.put(document.steps().get(i).id(), i);
    }
    var order = order(document, numbers);
    var places = new int[order.size()];
    for (var place = 0; place < order.size(); place++) {
      places[order.get(place)] = place;
    }
    var triggers = new HashMap<String, List<Integer>>();
    var ways = new ArrayList<List<Way>>();
    order.forEach(number -> ways.add(new ArrayList<>()));
    for (var edge : document.edges()) {
      var to = places[numbers.get(edge.to())];
      var from = numbers.get(edge.from());
      if (from == null) {
        triggers.computeIfAbsent(edge.from(), key -> new ArrayList<>()).add(to);
      } else {
        ways.get(places[from]).add(new Way(to, edge.caseName(), edge.onError()));
      }
    }
    return new Route(order.stream().map(document.steps()::get).toList(), triggers, ways);
  }

  private static List<Integer> order(WorkflowDocument document, Map<String, Integer> numbers) {
    var leading = new int[document.steps().size()];
    for (var edge : document.edges()) {
      if (numbers.containsKey(edge.from())) {
        leading[numbers.get(edge.to())]++;
      }
    }
    var free = new PriorityQueue<Integer>();
    for (var i = 0; i < leading.length; i++) {
      if (leading[i] == 0) {
        free.add(i);
      }
    }
    var order = new ArrayList<Integer>();
    for (Integer number; (number = free.poll()) != null; ) {
      order.add(number);
      var id = document.steps().get(number).id();
      for (var edge : document.edges()) {
        if (edge.from().equals(id) && --leading[numbers.get(edge.to())] == 0) {
          free.add(numbers.get(edge.to()));
        }
      }
    }
    if (order.size() < leading.length) {
      throw new IllegalArgumentException("the steps lead back to themselves");
    }
    return order;
  }

  List<Step> steps() {
    return steps;
  }

  /// The places that a trigger leads to.
  List<Integer> from(@Nullable String trigger) {
    return triggers.getOrDefault(trigger, List.of());
  }

  List<Way> edges(int place) {
    return ways.get(place);
  }

  /// Where a step stands; null if there is none of that id.
  @Nullable Integer place(String step) {
    return places.get(step);
  }
}
