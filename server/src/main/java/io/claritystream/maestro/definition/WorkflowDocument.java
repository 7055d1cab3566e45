package io.claritystream.maestro.definition;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A workflow as people write it. Values that are mapped (`input`, a URL, a body) are plain JSON: a
/// text that begins with `=` is an expression, everything else stands for itself.
///
/// It has the right shape and keeps to the limits; whether it could run is [Validation]'s to say.
public record WorkflowDocument(
    String name,
    @Nullable String description,
    Settings settings,
    List<Trigger> triggers,
    List<Step> steps,
    List<Edge> edges) {

  public static final int NAME_MAX = 200;
  public static final int DESCRIPTION_MAX = 2_000;
  public static final int TRIGGERS_MAX = 20;
  public static final int STEPS_MAX = 200;
  public static final int EDGES_MAX = 400;
  public static final int DEPTH_MAX = 64;
  public static final int BYTES_MAX = 512 * 1_024;
  public static final int EXPRESSION_MAX = 8 * 1_024;

  public WorkflowDocument {
    triggers = List.copyOf(triggers);
    steps = List.copyOf(steps);
    edges = List.copyOf(edges);
  }

  /// Of a name, and nothing yet.
  public static WorkflowDocument empty(String name) {
    return new WorkflowDocument(name, null, Settings.DEFAULT, List.of(), List.of(), List.of());
  }

  /// Throws [DocumentFault] with every flaw of its shape.
  public static WorkflowDocument parse(String json) throws DocumentFault {
    return DocumentReader.read(PlainJson.parse(json));
  }

  /// The canonical text; [#parse] of it is an equal document.
  public String toJson() {
    return PlainJson.write(DocumentWriter.write(this));
  }

  /// Whether a text is an expression where a value is mapped; what follows the `=` is its source.
  public static boolean isExpression(String text) {
    return text.startsWith("=");
  }

  /// Those that its steps call with.
  Set<UUID> connections() {
    Set<UUID> named = new HashSet<>();
    for (Step step : steps) {
      if (step.config() instanceof Step.HttpRequest http && http.connection() != null) {
        named.add(UUID.fromString(http.connection()));
      }
    }
    return named;
  }

  public WorkflowDocument named(String other) {
    return new WorkflowDocument(other, description, settings, triggers, steps, edges);
  }
}
