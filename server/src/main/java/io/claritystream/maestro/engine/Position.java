package io.claritystream.maestro.engine;

import io.claritystream.base.expression.Moment;
import io.claritystream.maestro.action.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where an execution stands: what follows from the lines of its journal, from its version of the
/// workflow, and from nothing else.
///
/// It is one run's, and used by its thread alone.
final class Position {
  private final Walk walk;
  private final Moment moment;
  private final Map<String, @Nullable Object> steps = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> context = new LinkedHashMap<>();

  private final Redaction redaction;
  private int nextLogId;
  private int stepsDone;
  private long recordedChars;
  private long weight;

  /// Of the step whose turn it is: the tries that were begun, and whether the last one's outcome is
  /// not known.
  private int attempts;

  private boolean unsettled;

  /// Whether a person was to decide what became of that try, and nobody has.
  private boolean undecided;

  /// What a person said of the step whose turn it is, if that is that it failed.
  private @Nullable String saidFailed;

  /// Nothing is restored yet.
  Position(Program program, Intake intake) {
    this.redaction = new Redaction(program.glimpses());
    this.walk = new Walk(program.route(), intake.triggerKey());
    this.moment = new Moment(intake.createdAt(), intake.effectsOf().getLeastSignificantBits());
    var execution = new LinkedHashMap<String, @Nullable Object>();
    execution.put("id", intake.execution().toString());
    execution.put("workflow_id", intake.workflow().toString());
    execution.put("version", (long) intake.version());
    execution.put("created_at", intake.createdAt().toString());
    execution.put("trigger", intake.triggerKey());
    context.put("execution", execution);
    context.put("steps", steps);
  }

  /// The step whose turn it is, or [Walk#END].
  int next() {
    return walk.next();
  }

  /// What expressions see.
  Map<String, @Nullable Object> context() {
    return context;
  }

  /// Time and chance of a step: the same however often it is tried.
  Moment moment(String step) {
    return new Moment(moment.now(), moment.seed() ^ step.hashCode() * 0x9E37_79B9_7F4A_7C15L);
  }

  Redaction redaction() {
    return redaction;
  }

  int stepsDone() {
    return stepsDone;
  }

  long recordedChars() {
    return recordedChars;
  }

  /// What is recorded holds of the heap, about.
  long weight() {
    return weight;
  }

  int attempts() {
    return attempts;
  }

  boolean unsettled() {
    return unsettled;
  }

  boolean undecided() {
    return undecided;
  }

  @Nullable String saidFailed() {
    return saidFailed;
  }

  /// The number of the line that is worded next.
  int nextLogId() {
    return nextLogId;
  }

  int takeLogId() {
    return nextLogId++;
  }

  /// Another try begins.
  void tried() {
    attempts++;
  }

  /// The try that was begun was none.
  void notTried() {
    attempts--;
  }

  /// What becomes of the step whose turn it is is up to the run now.
  void settling() {
    unsettled = false;
  }

  /// Takes in the lines that are durable, in their order, the trigger's first. If one of them
  /// cannot be read, what is worded of that comes after them all the same.
  void restore(List<LogLine> journal) {
    nextLogId = journal.isEmpty() ? 0 : journal.getLast().logId() + 1;
    journal.forEach(this::restore);
  }

  private void restore(LogLine line) {
    recordedChars += line.recorded() == null ? 0 : line.recorded().length();
    weight += Weight.of(line.recorded());
    switch (line.kind()) {
      case TRIGGER -> {
        var trigger = Json.read(line.recorded());
        context.put("trigger", trigger);
        redaction.learn(trigger, "trigger");
      }
      case INTENT -> {
        attempts = line.attempt();
        unsettled = true;
      }
      case RETRY -> {
        attempts = line.attempt();
        unsettled = false;
      }
      case RESOLVED -> {
        // A person said that it is to be tried again, or that it failed; that it succeeded is said
        // by a line of that kind.
        unsettled = false;
        undecided = false;
        saidFailed =
            Json.read(line.recorded()) instanceof Map<?, ?> said
                ? String.valueOf(said.get("failed"))
                : null;
      }
      case SUCCEEDED -> succeeded(line.step(), Json.read(line.recorded()));
      case HANDLED -> handled(line.step(), Json.read(line.recorded()));
      case PARKED -> undecided = true;
      case FAILED, NOTE -> {
        // Tells people; where the execution stands is the same.
      }
    }
  }

  /// A step has succeeded, in the run or in what it reads.
  void succeeded(@Nullable String step, @Nullable Object output) {
    steps.put(String.valueOf(step), output);
    redaction.learn(output, "steps", String.valueOf(step));
    walk.succeeded(caseOf(output));
    settled();
  }

  /// A step has failed for good, and the workflow goes on all the same.
  void handled(@Nullable String step, @Nullable Object output) {
    steps.put(String.valueOf(step), output);
    redaction.learn(output, "steps", String.valueOf(step));
    walk.handled();
    settled();
  }

  /// An answer is in the journal.
  void recorded(String json, long heavy) {
    recordedChars += json.length();
    weight += heavy;
  }

  private void settled() {
    attempts = 0;
    unsettled = false;
    saidFailed = null;
    stepsDone++;
  }

  /// Only a branch's edges have a case; what another step answers under this name opens none.
  static @Nullable String caseOf(@Nullable Object output) {
    return output instanceof Map<?, ?> map && map.get("case") instanceof String name ? name : null;
  }
}
