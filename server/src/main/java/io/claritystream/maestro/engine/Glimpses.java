package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What people are shown of what steps were given and answered: cut to a limit, and without the
/// fields that the workflow names.
final class Glimpses {
  static final int CHARS_MAX = 2_000;
  private static final String REDACTED = "[redacted]";
  private static final int VALUES_MAX = 200;

  private final List<List<String>> rules;

  /// @param paths `trigger.body.password`, `steps.call.body.items.*.token`; lists are gone through
  Glimpses(List<String> paths) {
    this.rules = paths.stream().map(path -> List.of(path.split("\\."))).toList();
  }

  /// Of a step's answer, or of what the trigger brought.
  ///
  /// @param recorded the answer as JSON
  /// @param place `trigger`, or `steps` and the step's id
  /// @return null if the recorded answer may be shown as it is
  @Nullable String ofOutput(@Nullable Object value, String recorded, String... place) {
    var inside = rulesWithin(place);
    return inside.isEmpty() ? null : cut(Json.write(without(value, inside)));
  }

  /// A value whole, without the fields that the workflow names.
  @Nullable Object without(@Nullable Object value, String... place) {
    var inside = rulesWithin(place);
    return inside.isEmpty() ? value : without(value, inside);
  }

  /// Whether the workflow names no field.
  boolean isEmpty() {
    return rules.isEmpty();
  }

  /// Of what a step was given: fields of the names that any rule ends with are taken out, wherever
  /// they stand, since a mapping can move a value to any place.
  @Nullable String ofInput(@Nullable Object value) {
    if (value == null) {
      return null;
    }
    var named = rules.stream().map(rule -> List.of("**", rule.getLast())).toList();
    return cut(Json.write(named.isEmpty() ? value : without(value, named)));
  }

  /// The values of the fields that the workflow names, as texts: wherever a mapping moves them,
  /// they are to be taken out.
  List<String> values(@Nullable Object value, String... place) {
    var inside = rulesWithin(place);
    var values = new ArrayList<String>();
    if (!inside.isEmpty()) {
      collect(value, inside, values);
    }
    return values;
  }

  private static void collect(
      @Nullable Object value, List<List<String>> rules, List<String> values) {
    var named = rules.stream().anyMatch(List::isEmpty);
    switch (value) {
      case Map<?, ?> map ->
          map.forEach((key, inner) -> collect(inner, named ? rules : below(rules, key), values));
      case List<?> list ->
          list.forEach(inner -> collect(inner, named ? rules : acrossList(rules), values));
      case null -> {}
      default -> {
        if (named && values.size() < VALUES_MAX) {
          values.add(value.toString());
        }
      }
    }
  }

  static String cut(String text) {
    if (text.length() <= CHARS_MAX) {
      return text;
    }
    var end = Character.isHighSurrogate(text.charAt(CHARS_MAX - 1)) ? CHARS_MAX - 1 : CHARS_MAX;
    return text.substring(0, end) + "…";
  }

  private List<List<String>> rulesWithin(String... place) {
    var inside = new ArrayList<List<String>>();
    for (var rule : rules) {
      var common = 0;
      while (common < place.length
          && common < rule.size()
          && rule.get(common).equals(place[common])) {
        common++;
      }
      if (common == place.length || common == rule.size()) {
        inside.add(rule.subList(common, rule.size()));
      }
    }
    return inside;
  }

  private static @Nullable Object without(@Nullable Object value, List<List<String>> rules) {
    if (rules.stream().anyMatch(List::isEmpty)) {
      return REDACTED;
    }
    return switch (value) {
      case Map<?, ?> map -> {
        var kept = new LinkedHashMap<String, @Nullable Object>();
        map.forEach(
            (key, inner) -> kept.put(String.valueOf(key), without(inner, below(rules, key))));
        yield kept;
      }
      case List<?> list -> {
        var kept = new ArrayList<@Nullable Object>(list.size());
        list.forEach(inner -> kept.add(without(inner, acrossList(rules))));
        yield kept;
      }
      case null, default -> value;
    };
  }

  private static List<List<String>> below(List<List<String>> rules, Object key) {
    var below = new ArrayList<List<String>>();
    for (var rule : rules) {
      var first = rule.getFirst();
      if (first.equals("**")) {
        below.add(rule);
        if (rule.get(1).equals(key)) {
          below.add(List.of());
        }
      } else if (first.equals(key) || first.equals("*")) {
        below.add(rule.subList(1, rule.size()));
      }
    }
    return below;
  }

  /// A list is gone through, with or without a `*` for its elements.
  private static List<List<String>> acrossList(List<List<String>> rules) {
    var across = new ArrayList<List<String>>(rules);
    for (var rule : rules) {
      if (rule.getFirst().equals("*")) {
        across.add(rule.subList(1, rule.size()));
      }
    }
    return across;
  }
}
