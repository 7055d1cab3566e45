package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.definition.PublishedWorkflow;
import io.claritystream.maestro.definition.Workflows;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Makes an execution ready that goes on from where another ended. What has ended never changes:
/// the retry is linked to its origin, and begins with a copy of the answers that it takes over.
///
/// Unchanged, and of the same version, its effects carry the keys of its origin, so that a receiver
/// which honours them does nothing twice. With anything edited it is another undertaking, and its
/// effects carry keys of their own.
final class Retries {
  private final Workflows workflows;
  private final Programs programs;
  private final Clock clock;

  /// What is to be other than it was.
  ///
  /// @param fromStep where to begin; null for where it failed
  /// @param inputEdited whether `input` is to be what the trigger brought
  /// @param outputs what steps are to have answered
  /// @param published whether to run the published version, and not the origin's
  record Wish(
      @Nullable String fromStep,
      boolean inputEdited,
      @Nullable Object input,
      Map<String, @Nullable Object> outputs,
      boolean published) {

    static final Wish NOTHING = new Wish(null, false, null, Map.of(), false);
  }

  Retries(Workflows workflows, Programs programs, Clock clock) {
    this.workflows = workflows;
    this.programs = programs;
    this.clock = clock;
  }

  /// Throws a problem if the origin is open, or its workflow is not to run, or the wish cannot be
  /// fulfilled.
  ///
  /// @param startedBy the person who asked for it
  Executions.Ready ready(TenantId tenant, Origin origin, Wish wish, UUID id, UUID startedBy) {
    return ready(origin, wish, id, startedBy, runnable(tenant, origin.workflow()));
  }

  /// The published version of a workflow whose executions may be tried again.
  PublishedWorkflow runnable(TenantId tenant, UUID workflow) {
    var published =
        workflows
            .published(workflow)
            .filter(one -> one.tenant().equals(tenant))
            .orElseThrow(
                () ->
                    Problem.of(
                        ProblemCode.CONFLICT,
                        "The workflow has been deleted, so nothing of it is run again."));
    if (!published.enabled()) {
      throw Problem.of(
          ProblemCode.CONFLICT, "The workflow is disabled; enable it to run executions again.");
    }
    return published;
  }

  /// @param published of the origin's workflow, as [#runnable] says
  Executions.Ready ready(
      Origin origin, Wish wish, UUID id, UUID startedBy, PublishedWorkflow published) {
    if (!origin.status().ended()) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "The execution is "
              + origin.status().key()
              + "; what is open goes on by itself, or is canceled first.");
    }
    if (origin.trigger() == null) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "The log of the execution is no longer kept, and with it its input.");
    }
    var version = wish.published ? published.version() : origin.version();
    var program =
        programs
            .program(origin.workflow(), version)
            .orElseThrow(() -> Problem.notFound("version", version));
    triggerIsThere(program, origin);
    var outputs = outputs(program, origin, wish);
    var payload = payload(program, origin, wish);
    var replay = replay(program, origin, wish, outputs);
    var unchanged = !wish.inputEdited && outputs.isEmpty() && version == origin.version();
    var intake = intake(program, origin, replay, id, startedBy, unchanged, wish, payload);
    return new Executions.Ready(
        program, intake, lines(program, origin, replay, intake, wish, payload));
  }

  private static void triggerIsThere(Program program, Origin origin) {
    var document = program.workflow().document();
    if (document.triggers().stream().noneMatch(one -> one.id().equals(origin.triggerKey()))) {
      throw Problem.of(
          ProblemCode.CONFLICT,
          "Version "
              + program.workflow().version()
              + " has no trigger "
              + origin.triggerKey()
              + ", at which the execution began.");
    }
  }

  private static Map<String, String> outputs(Program program, Origin origin, Wish wish) {
    var outputs = new HashMap<String, String>();
    if (wish.outputs.isEmpty()) {
      return outputs;
    }
    var redaction = origin.redaction(program);
    wish.outputs.forEach(
        (step, sent) -> {
          var recorded = origin.answers().get(step);
          outputs.put(
              step,
              Json.write(
                  recorded == null
                      ? sent
                      : redaction.restored(sent, Json.read(recorded.json()), "steps", step)));
        });
    return outputs;
  }

  private static @Nullable Object payload(Program program, Origin origin, Wish wish) {
    var recorded = Json.read(origin.trigger());
    return wish.inputEdited
        ? origin.redaction(program).restored(wish.input, recorded, "trigger")
        : recorded;
  }

  private static Replay replay(
      Program program, Origin origin, Wish wish, Map<String, String> outputs) {
    if (wish.inputEdited && wish.fromStep == null) {
      if (!outputs.isEmpty()) {
        throw Problem.invalid("/from_step", "is needed where both input and outputs are edited");
      }
      return Replay.ANEW;
    }
    return Replay.of(program, origin.triggerKey(), origin.answers(), outputs, wish.fromStep);
  }

  private Intake intake(
      Program program,
      Origin origin,
      Replay replay,
      UUID id,
      UUID startedBy,
      boolean unchanged,
      Wish wish,
      @Nullable Object payload) {
    var createdAt = ExecutionIds.time(id);
    var named = wish.inputEdited || program.workflow().version() != origin.version();
    return new Intake(
        program.workflow().tenant(),
        id,
        origin.workflow(),
        program.workflow().version(),
        "retry",
        origin.triggerKey(),
        named
            ? Executions.text(program, program.executionName(), id, createdAt, payload)
            : origin.name(),
        named
            ? Executions.text(program, program.correlationKey(), id, createdAt, payload)
            : origin.correlationKey(),
        unchanged ? origin.effectsOf() : id,
        origin.execution(),
        replay.fromStep(),
        startedBy,
        clock.instant().plus(program.workflow().document().settings().timeout()));
  }

  private static List<LogLine> lines(
      Program program,
      Origin origin,
      Replay replay,
      Intake intake,
      Wish wish,
      @Nullable Object payload) {
    var lines = new ArrayList<LogLine>();
    var redaction = redaction(program, replay, payload);
    var recorded = wish.inputEdited ? Json.write(payload) : String.valueOf(origin.trigger());
    lines.add(
        new LogLine(
            0,
            intake.createdAt(),
            LogLine.Level.INFO,
            LogLine.Kind.TRIGGER,
            null,
            0,
            "Started as a retry of "
                + origin.execution()
                + (wish.inputEdited ? ", with an edited input" : ""),
            0,
            null,
            redaction.ofOutput(payload, recorded, "trigger"),
            recorded));
    for (var kept : replay.kept()) {
      var json = kept.answer().json();
      lines.add(
          new LogLine(
              lines.size(),
              intake.createdAt(),
              kept.answer().handled() ? LogLine.Level.WARN : LogLine.Level.INFO,
              kept.answer().handled() ? LogLine.Kind.HANDLED : LogLine.Kind.SUCCEEDED,
              kept.step(),
              kept.answer().attempt(),
              kept.edited()
                  ? "Step " + kept.step() + " is not run: a person said what it answered"
                  : "Step "
                      + kept.step()
                      + " is not run: its answer is that of execution "
                      + origin.execution(),
              0,
              null,
              redaction.ofOutput(Json.read(json), json, "steps", kept.step()),
              json));
    }
    return lines;
  }

  private static Redaction redaction(Program program, Replay replay, @Nullable Object payload) {
    var redaction = new Redaction(program.glimpses());
    if (!program.glimpses().isEmpty()) {
      redaction.learn(payload, "trigger");
      replay
          .kept()
          .forEach(kept -> redaction.learn(Json.read(kept.answer().json()), "steps", kept.step()));
    }
    return redaction;
  }
}
