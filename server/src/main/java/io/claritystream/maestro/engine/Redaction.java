package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.Secrets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What of one execution nobody is shown: the fields that its workflow names, and their values
/// wherever a mapping has moved them. What a mapping makes of a value, its capitals say, is another
/// value.
///
/// Not safe for threads.
final class Redaction {
  private final Glimpses rules;
  private final Set<String> values = new LinkedHashSet<>();
  private Secrets hidden = Secrets.NONE;

  Redaction(Glimpses rules) {
    this.rules = rules;
  }

  /// What the trigger brought, or a step answered: its named values are shown nowhere from now on.
  ///
  /// @param place `trigger`, or `steps` and the step's id
  void learn(@Nullable Object value, String... place) {
    if (values.addAll(rules.values(value, place))) {
      hidden = new Secrets(values);
    }
  }

  String text(String text) {
    return hidden.without(text);
  }

  @Nullable Object shown(@Nullable Object value, String... place) {
    return hidden.without(rules.without(value, place));
  }

  /// Of a step's answer, or of what the trigger brought.
  ///
  /// @param recorded the answer as JSON
  /// @return null if the recorded answer may be shown as it is
  @Nullable String ofOutput(@Nullable Object value, String recorded, String... place) {
    return hidden.isEmpty()
        ? rules.ofOutput(value, recorded, place)
        : Glimpses.cut(Json.write(shown(value, place)));
  }

  /// Of what a step was given.
  @Nullable String ofInput(@Nullable Object value) {
    return rules.ofInput(value == null ? null : hidden.without(value));
  }

  /// What a person sends back of what [#shown] showed: whatever still reads as it was shown is what
  /// was recorded.
  @Nullable Object restored(@Nullable Object sent, @Nullable Object recorded, String... place) {
    return restored(sent, shown(recorded, place), recorded);
  }

  private static @Nullable Object restored(
      @Nullable Object sent, @Nullable Object shown, @Nullable Object recorded) {
    if (Objects.equals(sent, shown)) {
      return recorded;
    }
    if (sent instanceof Map<?, ?> map
        && shown instanceof Map<?, ?> seen
        && recorded instanceof Map<?, ?> was) {
      var whole = new LinkedHashMap<String, @Nullable Object>();
      map.forEach(
          (key, inner) ->
              whole.put(
                  String.valueOf(key),
                  was.containsKey(key) ? restored(inner, seen.get(key), was.get(key)) : inner));
      return whole;
    }
    // Of lists of other lengths nobody knows which element was which.
    if (sent instanceof List<?> list
        && shown instanceof List<?> seen
        && recorded instanceof List<?> was
        && list.size() == was.size()) {
      var whole = new ArrayList<@Nullable Object>(list.size());
      for (var i = 0; i < list.size(); i++) {
        whole.add(restored(list.get(i), seen.get(i), was.get(i)));
      }
      return whole;
    }
    return sent;
  }
}
