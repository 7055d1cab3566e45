package io.claritystream.maestro.definition;

import com.fasterxml.jackson.annotation.JsonRawValue;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What another document says otherwise. Triggers and steps are the same if their ids are, wherever
/// they stand; edges if they lead from the same to the same.
final class Comparison {

  /// What became of something.
  enum Kind {
    ADDED,
    REMOVED,
    CHANGED,
    /// It stands elsewhere in its list, which decides what runs first where edges leave a choice.
    REORDERED
  }

  /// What it is that differs.
  enum Part {
    DOCUMENT,
    SETTINGS,
    TRIGGER,
    STEP,
    EDGE
  }

  /// @param id of the trigger or step; null for other parts
  /// @param pointer into the second document; into the first for what was removed
  /// @param before as JSON; null if there was nothing
  /// @param after as JSON; null if there is nothing
  @Schema(name = "WorkflowDifference")
  record Difference(
      Kind kind,
      Part part,
      @Nullable String id,
      String pointer,
      @JsonRawValue @Schema(implementation = Object.class) @Nullable String before,
      @JsonRawValue @Schema(implementation = Object.class) @Nullable String after) {}

  private final Map<String, Object> before;
  private final Map<String, Object> after;
  private final List<Difference> differences = new ArrayList<>();

  private Comparison(WorkflowDocument before, WorkflowDocument after) {
    this.before = DocumentWriter.write(before);
    this.after = DocumentWriter.write(after);
  }

  static List<Difference> of(WorkflowDocument before, WorkflowDocument after) {
    Comparison comparison = new Comparison(before, after);
    for (String name : List.of("name", "description")) {
      comparison.values(
          Part.DOCUMENT, null, "/" + name, comparison.before.get(name), comparison.after.get(name));
    }
    comparison.values(
        Part.SETTINGS,
        null,
        "/settings",
        comparison.before.getOrDefault("settings", Map.of()),
        comparison.after.getOrDefault("settings", Map.of()));
    comparison.named(Part.TRIGGER, "triggers");
    comparison.named(Part.STEP, "steps");
    comparison.edges();
    return comparison.differences;
  }

  private void named(Part part, String list) {
    Map<String, Object> old = byId(before.get(list));
    Map<String, Object> fresh = byId(after.get(list));
    List<String> olds = List.copyOf(old.keySet());
    List<String> freshes = List.copyOf(fresh.keySet());
    for (int i = 0; i < olds.size(); i++) {
      if (!fresh.containsKey(olds.get(i))) {
        add(Kind.REMOVED, part, olds.get(i), "/" + list + "/" + i, old.get(olds.get(i)), null);
      }
    }
    for (int i = 0; i < freshes.size(); i++) {
      String id = freshes.get(i);
      String pointer = "/" + list + "/" + i;
      if (old.containsKey(id)) {
        values(part, id, pointer, old.get(id), fresh.get(id));
      } else {
        add(Kind.ADDED, part, id, pointer, null, fresh.get(id));
      }
    }
    List<String> stayed = olds.stream().filter(fresh::containsKey).toList();
    List<String> stayedNow = freshes.stream().filter(old::containsKey).toList();
    if (!stayed.equals(stayedNow)) {
      add(Kind.REORDERED, part, null, "/" + list, stayed, stayedNow);
    }
  }

  private static Map<String, Object> byId(@Nullable Object list) {
    Map<String, Object> byId = new LinkedHashMap<>();
    for (Object each : (List<?>) Objects.requireNonNull(list)) {
      byId.putIfAbsent((String) ((Map<?, ?>) each).get("id"), each);
    }
    return byId;
  }

  private void edges() {
    List<?> old = (List<?>) Objects.requireNonNull(before.get("edges"));
    List<?> fresh = (List<?>) Objects.requireNonNull(after.get("edges"));
    Set<Object> olds = new LinkedHashSet<>(old);
    Set<Object> freshes = new LinkedHashSet<>(fresh);
    for (int i = 0; i < old.size(); i++) {
      if (!freshes.contains(old.get(i))) {
        add(Kind.REMOVED, Part.EDGE, null, "/edges/" + i, old.get(i), null);
      }
    }
    for (int i = 0; i < fresh.size(); i++) {
      if (!olds.contains(fresh.get(i))) {
        add(Kind.ADDED, Part.EDGE, null, "/edges/" + i, null, fresh.get(i));
      }
    }
  }

  /// Goes into objects, and into lists that are equally long, to name what differs exactly.
  private void values(
      Part part,
      @Nullable String id,
      String pointer,
      @Nullable Object old,
      @Nullable Object fresh) {
    if (Objects.equals(old, fresh)) {
      return;
    }
    if (old instanceof Map<?, ?> olds && fresh instanceof Map<?, ?> freshes) {
      Set<Object> names = new LinkedHashSet<>(olds.keySet());
      names.addAll(freshes.keySet());
      for (Object name : names) {
        values(part, id, Flaw.at(pointer, name), olds.get(name), freshes.get(name));
      }
    } else if (old instanceof List<?> olds
        && fresh instanceof List<?> freshes
        && olds.size() == freshes.size()) {
      for (int i = 0; i < olds.size(); i++) {
        values(part, id, Flaw.at(pointer, i), olds.get(i), freshes.get(i));
      }
    } else {
      Kind kind = old == null ? Kind.ADDED : fresh == null ? Kind.REMOVED : Kind.CHANGED;
      add(kind, part, id, pointer, old, fresh);
    }
  }

  private void add(
      Kind kind,
      Part part,
      @Nullable String id,
      String pointer,
      @Nullable Object old,
      @Nullable Object fresh) {
    differences.add(new Difference(kind, part, id, pointer, json(old), json(fresh)));
  }

  private static @Nullable String json(@Nullable Object value) {
    return value == null ? null : PlainJson.write(value);
  }
}
