package io.claritystream.base.expression;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A list that the evaluation made, and what the language wants to know of it.
final class Items extends ArrayList<Object> {

  /// What a path found: one of it is the thing itself, none of it is nothing.
  boolean sequence;

  /// A sequence of one that stays a list.
  boolean keepSingleton;

  /// Written as a list in the source: a path does not flatten it.
  boolean constructed;

  /// Only wraps the input, so that a list as input counts as one thing.
  boolean wrapper;

  Items() {}

  Items(int capacity) {
    super(capacity);
  }

  static Items sequence() {
    Items items = new Items();
    items.sequence = true;
    return items;
  }

  static Items sequenceOf(@Nullable Object one) {
    Items items = new Items(1);
    items.sequence = true;
    items.add(one);
    return items;
  }

  static Items copyOf(List<?> list, Run run) {
    run.steps(list.size() / 8);
    run.useItems(list.size());
    Items items = new Items(list.size());
    items.addAll(list);
    return items;
  }

  void append(@Nullable Object item, Run run) {
    run.use(24);
    add(item);
  }

  void appendAll(List<?> more, Run run) {
    run.steps(more.size() / 8);
    run.use(24L * more.size());
    addAll(more);
  }

  /// A sequence of none is nothing, of one is that one.
  static @Nullable Object collapse(@Nullable Object value) {
    if (value instanceof Items items && items.sequence) {
      if (items.isEmpty()) {
        return null;
      }
      if (items.size() == 1 && !items.keepSingleton) {
        return Values.of(items.getFirst());
      }
    }
    return value;
  }

  static @Nullable Object keepArray(@Nullable Object value) {
    if (value instanceof Items items && items.sequence) {
      items.keepSingleton = true;
    }
    return value;
  }
}
