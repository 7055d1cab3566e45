package io.claritystream.base.expression;

import java.util.List;

/// A stable sort that lives with an order that contradicts itself, and counts every comparison.
final class Merge {

  @FunctionalInterface
  interface After {
    /// Whether a comes after b.
    boolean test(Object a, Object b);
  }

  private Merge() {}

  static Items sort(List<?> list, Run run, After after) {
    run.useItems(2L * list.size());
    Object[] from = new Object[list.size()];
    for (int i = 0; i < from.length; i++) {
      from[i] = Values.of(list.get(i));
    }
    Object[] to = new Object[from.length];
    for (int width = 1; width < from.length; width *= 2) {
      for (int start = 0; start < from.length; start += 2 * width) {
        merge(from, to, start, width, run, after);
      }
      Object[] swapped = from;
      from = to;
      to = swapped;
    }
    Items sorted = new Items(from.length);
    sorted.addAll(List.of(from));
    return sorted;
  }

  private static void merge(
      Object[] from, Object[] to, int start, int width, Run run, After after) {
    int middle = Math.min(start + width, from.length);
    int end = Math.min(start + 2 * width, from.length);
    int left = start;
    int right = middle;
    for (int at = start; at < end; at++) {
      run.step();
      boolean takeRight = left >= middle || right < end && after.test(from[left], from[right]);
      to[at] = takeRight ? from[right++] : from[left++];
    }
  }
}
