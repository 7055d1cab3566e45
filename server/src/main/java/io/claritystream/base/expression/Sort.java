package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `^(<a, >b)`
final class Sort {

  private static final long ENTRY_BYTES = 56;

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
    run.use((ENTRY_BYTES + 8L * terms.length) * input.size());
    List<Entry> entries = new ArrayList<>(input.size());
    for (Object item : input) {
      entries.add(new Entry(Values.of(item)));
    }
    Items items = Merge.sort(entries, run, (a, b) -> after((Entry) a, (Entry) b, scope, run));
    items.replaceAll(entry -> ((Entry) entry).item);
    items.sequence = input.size() != 1 || input instanceof Items of && of.sequence;
    return items;
  }

  private boolean after(Entry a, Entry b, Scope scope, Run run) {
    for (int i = 0; i < terms.length; i++) {
      int order = compare(a.key(i, scope, run), b.key(i, scope, run));
      if (order != 0) {
        // What has no key comes last, whatever the direction.
        return Math.abs(order) == 2 ? order > 0 : descending[i] ? order < 0 : order > 0;
      }
    }
    return false;
  }

  /// An item and what it is sorted by: worked out when it is first compared, and once. An item that
  /// is never compared by a term need not have it.
  private final class Entry {
    private final Object item;
    private final @Nullable Object[] keys = new Object[terms.length];
    private int known;

    private Entry(Object item) {
      this.item = item;
    }

    private @Nullable Object key(int term, Scope scope, Run run) {
      // Terms are asked for in their order.
      while (known <= term) {
        keys[known] =
            item instanceof Tuple tuple
                ? terms[known].eval(tuple.value(), tuple.scope(scope, run), run)
                : terms[known].eval(item, scope, run);
        known++;
      }
      return keys[term];
    }
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
