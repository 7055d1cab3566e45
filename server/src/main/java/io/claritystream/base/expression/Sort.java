package io.claritystream.base.expression;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `^(<a, >b)`
final class Sort {

  private final int position;
  private final Node[] terms;
  private final boolean[] descending;

  Sort(int position, List<Node> terms, String directions) {
    this.position = position;
    this.terms = terms.toArray(Node[]::new);
    this.descending = new boolean[this.terms.length];
    for (int i = 0; i < descending.length; i++) {
      descending[i] = directions.charAt(i) == '>';
    }
  }

  Node[] terms() {
    return terms;
  }

  List<?> sorted(List<?> input, Scope scope, Run run) {
    Items items = Merge.sort(input, run, (a, b) -> after(a, b, scope, run));
    items.sequence = input.size() != 1 || input instanceof Items of && of.sequence;
    return items;
  }

  private boolean after(Object a, Object b, Scope scope, Run run) {
    for (int i = 0; i < terms.length; i++) {
      int order = compare(key(terms[i], a, scope, run), key(terms[i], b, scope, run));
      if (order != 0) {
        // What has no key comes last, whatever the direction.
        return Math.abs(order) == 2 ? order > 0 : descending[i] ? order < 0 : order > 0;
      }
    }
    return false;
  }

  private static @Nullable Object key(Node term, Object item, Scope scope, Run run) {
    return item instanceof Tuple tuple
        ? term.eval(tuple.value(), tuple.scope(scope, run), run)
        : term.eval(item, scope, run);
  }

  private int compare(@Nullable Object a, @Nullable Object b) {
    if (a == null || b == null) {
      return a == b ? 0 : a == null ? 2 : -2;
    }
    if (!sortable(a) || !sortable(b)) {
      throw Stop.type(
              "T2008",
              "What is sorted by has to be a number or a string, and is "
                  + Values.kind(sortable(a) ? b : a)
                  + ".")
          .at(position);
    }
    if (a instanceof Number one && b instanceof Number other) {
      return Values.compare(one, other);
    }
    if (a instanceof String one && b instanceof String other) {
      return Integer.signum(one.compareTo(other));
    }
    throw Stop.type(
            "T2007",
            "What is sorted by is a string here and a number there; turn all into one with"
                + " $number or $string.")
        .at(position);
  }

  private static boolean sortable(Object value) {
    return value instanceof String || Values.isNumber(value);
  }
}
