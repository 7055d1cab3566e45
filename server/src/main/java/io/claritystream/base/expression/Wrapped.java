package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is no path, with predicates, a group or `[]` behind it.
final class Wrapped extends Node {

  private final Node node;
  private final List<Node> predicates;
  private final Makers.@Nullable ObjectMaker group;
  private final boolean keepArray;

  Wrapped(Node node, List<Node> predicates, Makers.@Nullable ObjectMaker group, boolean keepArray) {
    super(node.position);
    this.node = node;
    this.predicates = predicates;
    this.group = group;
    this.keepArray = keepArray;
  }

  @Override
  @Nullable Object eval(@Nullable Object input, Scope scope, Run run) {
    Object value = node.eval(input, scope, run);
    for (Node predicate : predicates) {
      value = Filter.all(predicate, value, scope, run);
    }
    if (group != null) {
      value = group.group(value, scope, run);
    }
    if (keepArray && value != null && !(value instanceof List<?> list && list.isEmpty())) {
      value = value instanceof List<?> ? value : Items.sequenceOf(value);
      return Items.keepArray(value);
    }
    return Items.collapse(value);
  }
}
