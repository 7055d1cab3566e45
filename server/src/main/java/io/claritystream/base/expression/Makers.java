package io.claritystream.base.expression;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The nodes that make lists and objects.
final class Makers {

  private Makers() {}

  /// `[a, b]`. What an item finds is taken in one by one, unless the item is itself written as a
  /// list.
  static final class ListMaker extends Node {
    private final Node[] items;
    private final boolean[] written;
    private final boolean constructed;

    ListMaker(int position, List<Node> items, boolean[] written, boolean constructed) {
      super(position);
      this.items = items.toArray(Node[]::new);
      this.written = written;
      this.constructed = constructed;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      run.useItems(items.length);
      Items result = new Items(items.length);
      result.constructed = constructed;
      for (int i = 0; i < items.length; i++) {
        Object value = items[i].eval(input, scope, run);
        if (value != null) {
          if (written[i]) {
            result.append(value, run);
          } else {
            Values.addTo(result, value, run);
          }
        }
      }
      return result;
    }
  }

  /// `{key: value}`, alone or after a path, where it groups: what gives the same key is taken
  /// together before the value is worked out.
  static final class ObjectMaker extends Node {
    private final Node[] keys;
    private final Node[] values;

    /// The keys where all of them are written as plain strings.
    private final String @Nullable [] plain;

    ObjectMaker(int position, List<Node> keys, List<Node> values) {
      super(position);
      this.keys = keys.toArray(Node[]::new);
      this.values = values.toArray(Node[]::new);
      this.plain = plain(keys);
    }

    private static String @Nullable [] plain(List<Node> keys) {
      String[] names = new String[keys.size()];
      for (int i = 0; i < names.length; i++) {
        if (!(keys.get(i) instanceof Simple.Constant constant
            && constant.value instanceof String name)) {
          return null;
        }
        names[i] = name;
      }
      return List.of(names).stream().distinct().count() == names.length ? names : null;
    }

    @Override
    Object eval(@Nullable Object input, Scope scope, Run run) {
      run.step();
      if (plain == null || input instanceof List<?>) {
        return group(input, scope, run);
      }
      run.useMembers(plain.length);
      Map<String, Object> result = LinkedHashMap.newLinkedHashMap(plain.length);
      for (int i = 0; i < plain.length; i++) {
        Object value = values[i].eval(input, scope, run);
        if (value != null) {
          result.put(plain[i], value);
        }
      }
      return result;
    }

    private static final class Group {
      final int pair;
      final Items members = new Items(1);

      Group(int pair) {
        this.pair = pair;
      }
    }

    Object group(@Nullable Object input, Scope scope, Run run) {
      // A plain object is made of nothing, too.
      boolean nothing = input == null || input instanceof List<?> list && list.isEmpty();
      List<?> items = !nothing && input instanceof List<?> list ? list : Items.sequenceOf(input);
      Map<String, Group> groups = new LinkedHashMap<>();
      for (Object stored : items) {
        Object item = nothing ? null : Values.of(stored);
        Object context = item instanceof Tuple tuple ? tuple.value() : item;
        Scope within = item instanceof Tuple tuple ? tuple.scope(scope, run) : scope;
        for (int i = 0; i < keys.length; i++) {
          run.step();
          Object key = keys[i].eval(context, within, run);
          if (key == null) {
            continue;
          }
          if (!(key instanceof String name)) {
            throw Stop.type(
                    "T1003",
                    "A key of an object is "
                        + Values.kind(key)
                        + " and has to be a string; $string turns it into one.")
                .at(keys[i].position);
          }
          Group group = groups.get(name);
          if (group == null) {
            run.useMembers(1);
            group = new Group(i);
            groups.put(name, group);
          } else if (group.pair != i) {
            throw Stop.value(
                    "D1009",
                    "Several keys of an object come to "
                        + Lexer.clip(name)
                        + "; give each its own.")
                .at(keys[i].position);
          }
          group.members.append(item, run);
        }
      }
      run.useMembers(groups.size());
      Map<String, Object> result = LinkedHashMap.newLinkedHashMap(groups.size());
      groups.forEach(
          (name, group) -> {
            Object value = value(group, scope, run);
            if (value != null) {
              result.put(name, value);
            }
          });
      return result;
    }

    private @Nullable Object value(Group group, Scope scope, Run run) {
      Node value = values[group.pair];
      if (group.members.getFirst() instanceof Tuple) {
        Tuple all = Tuple.merged(group.members, run);
        return value.eval(all.value(), all.scope(scope, run), run);
      }
      if (group.members.size() == 1) {
        return value.eval(group.members.getFirst(), scope, run);
      }
      Items together = new Items();
      for (Object member : group.members) {
        if (member != null) {
          Values.addTo(together, member, run);
        }
      }
      return value.eval(together, scope, run);
    }
  }
}
