package io.claritystream.base.expression;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Steps one after the other, each over all that the one before has found; what they find is one
/// flat sequence.
final class Path extends Node {

  /// @param node what a thing is asked for; null where the step is `sort`
  /// @param stages filters and indexes on what the step finds
  /// @param focus the name that is bound to what is found while the current thing stays (`@$name`)
  /// @param index the name that is bound to where in its list it was found (`#$name`)
  record Step(
      @Nullable Node node,
      @Nullable Sort sort,
      List<Stage> stages,
      @Nullable String focus,
      @Nullable String index,
      boolean constructsList) {

    boolean tuples() {
      return focus != null || index != null || stages.stream().anyMatch(s -> s.index() != null);
    }
  }

  /// A filter, or the name of an index.
  record Stage(@Nullable Node filter, @Nullable String index) {}

  private final Step[] steps;
  private final boolean fromVariable;
  private final boolean keepSingleton;
  private final Makers.@Nullable ObjectMaker group;

  /// Whether anything in the source asks for what a thing was found in.
  private final boolean ancestry;

  /// The names of a path that is nothing but names.
  private final String @Nullable [] names;

  Path(
      int position,
      List<Step> steps,
      boolean fromVariable,
      boolean keepSingleton,
      Makers.@Nullable ObjectMaker group,
      boolean ancestry) {
    super(position);
    this.steps = steps.toArray(Step[]::new);
    this.fromVariable = fromVariable;
    this.keepSingleton = keepSingleton;
    this.group = group;
    this.ancestry = ancestry;
    this.names = ancestry || group != null || keepSingleton ? null : names(steps);
  }

  private static String @Nullable [] names(List<Step> steps) {
    String[] names = new String[steps.size()];
    for (int i = 0; i < names.length; i++) {
      Step step = steps.get(i);
      if (!(step.node() instanceof Simple.Name name) || !step.stages().isEmpty() || step.tuples()) {
        return null;
      }
      names[i] = name.name;
    }
    return names;
  }

  List<Step> steps() {
    return List.of(steps);
  }

  Makers.@Nullable ObjectMaker group() {
    return group;
  }

  @Override
  @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
    run.step();
    return names != null && input instanceof Map<?, ?>
        ? straight(input, scope, run)
        : Items.collapse(walk(input, 0, scope, run));
  }

  /// As long as one object lies in another there is nothing to go over.
  private @Nullable Object straight(Object input, Scope scope, Run run) {
    Object at = input;
    for (int i = 0; i < names.length; i++) {
      if (!(at instanceof Map<?, ?> map)) {
        return at instanceof List<?> list ? Items.collapse(walk(list, i, scope, run)) : null;
      }
      at = map.get(names[i]);
      if (at == null) {
        if (!map.containsKey(names[i])) {
          return null;
        }
        at = Values.NULL;
      }
    }
    return at;
  }

  /// @param from the step to begin with
  private @Nullable Object walk(@Nullable Object input, int from, Scope scope, Run run) {
    List<?> found = input instanceof List<?> list && !fromVariable ? list : Items.sequenceOf(input);
    Items tuples = null;
    for (int i = from; i < steps.length; i++) {
      Step step = steps[i];
      if (tuples == null && (ancestry || step.tuples())) {
        tuples = new Items(found.size());
        for (Object item : found) {
          tuples.append(Tuple.of(item, scope.ancestry(), run), run);
        }
      }
      if (tuples != null) {
        tuples = tupleStep(step, tuples, scope, run);
        if (tuples.isEmpty()) {
          break;
        }
      } else if (i == 0 && step.constructsList()) {
        Object made = step.node().eval(found, scope, run);
        found = (List<?>) made;
      } else {
        found = step(step, found, scope, run, i == steps.length - 1);
        if (found.isEmpty()) {
          break;
        }
      }
    }
    if (group != null) {
      return group.group(tuples != null ? tuples : found, scope, run);
    }
    if (tuples != null) {
      found = values(tuples, run);
    }
    return keepSingleton ? kept(found, run) : found;
  }

  private static Object kept(List<?> found, Run run) {
    Items kept = found instanceof Items items ? items : Items.copyOf(found, run);
    if (kept.constructed && !kept.sequence) {
      kept = Items.sequenceOf(kept);
    }
    kept.keepSingleton = true;
    return kept;
  }

  private List<?> step(Step step, List<?> input, Scope scope, Run run, boolean last) {
    if (step.sort() != null) {
      return filtered(step, step.sort().sorted(input, scope, run), scope, run);
    }
    run.steps(input.size() / 8);
    Items results = Items.sequence();
    for (Object item : input) {
      Object value = step.node().eval(known(item, input), scope, run);
      for (Stage stage : step.stages()) {
        value = Filter.all(stage.filter(), value, scope, run);
      }
      if (value != null) {
        results.append(value, run);
      }
    }
    if (last
        && results.size() == 1
        && results.getFirst() instanceof List<?> only
        && !(only instanceof Items items && items.sequence)) {
      return only;
    }
    return flat(results, run);
  }

  /// The one item of a wrapped input may be nothing; those of other lists are at least null.
  private static @Nullable Object known(@Nullable Object item, List<?> list) {
    return item == null && list instanceof Items items && items.sequence ? null : Values.of(item);
  }

  private static Items flat(Items results, Run run) {
    run.steps(results.size() / 8);
    boolean flat = true;
    for (Object result : results) {
      flat = flat && !(result instanceof List<?>);
    }
    if (flat) {
      return results;
    }
    Items sequence = Items.sequence();
    for (Object result : results) {
      run.step();
      if (result instanceof List<?> list && !(list instanceof Items items && items.constructed)) {
        sequence.appendAll(list, run);
      } else {
        sequence.append(result, run);
      }
    }
    return sequence;
  }

  private static List<?> filtered(Step step, List<?> found, Scope scope, Run run) {
    List<?> rest = found;
    for (Stage stage : step.stages()) {
      rest = Filter.list(stage.filter(), rest, scope, run);
    }
    return rest;
  }

  private Items tupleStep(Step step, Items tuples, Scope scope, Run run) {
    Items results = new Items();
    if (step.sort() != null) {
      int at = 0;
      for (Object item : step.sort().sorted(tuples, scope, run)) {
        Tuple tuple = (Tuple) item;
        results.append(
            step.index() == null ? tuple : tuple.with(step.index(), (long) at, run), run);
        at++;
      }
    } else {
      for (Object item : tuples) {
        Tuple tuple = (Tuple) item;
        Object value = step.node().eval(tuple.value(), tuple.scope(scope, run), run);
        if (value == null) {
          continue;
        }
        if (value instanceof List<?> list && !(list instanceof Items items && items.constructed)) {
          int at = 0;
          for (Object each : list) {
            results.append(next(step, tuple, Values.of(each), at++, run), run);
          }
        } else {
          results.append(next(step, tuple, value, 0, run), run);
        }
      }
    }
    for (Stage stage : step.stages()) {
      results = stage(stage, results, scope, run);
    }
    return results;
  }

  private static Items stage(Stage stage, Items tuples, Scope scope, Run run) {
    if (stage.filter() != null) {
      return Filter.list(stage.filter(), tuples, scope, run);
    }
    Items numbered = new Items(tuples.size());
    for (int at = 0; at < tuples.size(); at++) {
      numbered.append(((Tuple) tuples.get(at)).with(stage.index(), (long) at, run), run);
    }
    return numbered;
  }

  private Tuple next(Step step, Tuple from, Object found, int at, Run run) {
    Tuple next;
    if (step.focus() != null) {
      next = from.with(step.focus(), found, run);
    } else if (!ancestry) {
      next = from.at(found, null, run);
    } else if (step.node() instanceof Simple.Parent) {
      Scope.Ancestry up = from.ancestry();
      next = from.at(found, up == null ? null : up.outer(), run);
    } else {
      next = from.at(found, new Scope.Ancestry(from.value(), from.ancestry()), run);
    }
    return step.index() == null ? next : next.with(step.index(), (long) at, run);
  }

  private static Items values(Items tuples, Run run) {
    run.steps(tuples.size() / 8);
    Items values = Items.sequence();
    for (Object tuple : tuples) {
      Object value = ((Tuple) tuple).value();
      if (value != null) {
        values.append(value, run);
      }
    }
    return values;
  }
}
