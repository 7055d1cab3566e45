package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.definition.Step;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/// Words the lines of one execution's journal: what people read of it, without what the workflow
/// names as nobody's to see.
final class Lines {
  private static final int MESSAGE_MAX = 1_000;

  private final Position position;
  private final InstantSource clock;

  Lines(Position position, InstantSource clock) {
    this.position = position;
    this.clock = clock;
  }

  /// A step that acts on the world is about to do so.
  LogLine intent(Step step, @Nullable String input) {
    return line(
        LogLine.Level.INFO,
        LogLine.Kind.INTENT,
        step,
        "Step " + step.id() + " begins",
        0,
        input,
        null,
        null);
  }

  LogLine succeeded(
      Step step, @Nullable Object output, String recorded, @Nullable String input, long tookNs) {
    return line(
        LogLine.Level.INFO,
        LogLine.Kind.SUCCEEDED,
        step,
        "Step " + step.id() + " succeeded",
        tookNs,
        input,
        position.redaction().ofOutput(output, recorded, "steps", step.id()),
        recorded);
  }

  /// A try failed, and another is made.
  LogLine retry(Step step, StepError error, Duration wait, @Nullable String input, long tookNs) {
    return line(
        LogLine.Level.WARN,
        LogLine.Kind.RETRY,
        step,
        "Step "
            + step.id()
            + " failed and is tried again in "
            + inWords(wait)
            + ": "
            + error.message(),
        tookNs,
        input,
        bodyGlimpse(step, error),
        null);
  }

  /// No try could be made yet.
  LogLine busy(Step step, StepError error) {
    return told(
        LogLine.Level.INFO,
        LogLine.Kind.RETRY,
        step,
        "Step " + step.id() + " waits for its turn: " + error.message());
  }

  LogLine failed(Step step, StepError error, @Nullable String input, long tookNs) {
    return line(
        LogLine.Level.ERROR,
        LogLine.Kind.FAILED,
        step,
        "Step " + step.id() + " failed: " + error.message(),
        tookNs,
        input,
        bodyGlimpse(step, error),
        null);
  }

  /// A step failed for good, and the workflow goes on.
  LogLine handled(
      Step step, StepError error, String recorded, @Nullable String input, long tookNs) {
    return line(
        LogLine.Level.WARN,
        LogLine.Kind.HANDLED,
        step,
        "Step " + step.id() + " failed, and the workflow goes on: " + error.message(),
        tookNs,
        input,
        handledGlimpse(step, error),
        recorded);
  }

  /// Nobody knows whether a step has acted, and a person is to decide.
  LogLine parked(Step step, String message) {
    return told(
        LogLine.Level.WARN,
        LogLine.Kind.PARKED,
        step,
        "Step " + step.id() + " waits for a person to decide: " + message);
  }

  /// Nobody knows whether a step has acted, and it is tried again.
  LogLine again(Step step, String message) {
    return told(
        LogLine.Level.WARN,
        LogLine.Kind.NOTE,
        step,
        "Step " + step.id() + " is tried again under the same key: " + message);
  }

  /// There is no room for what the execution remembers.
  LogLine letsGo() {
    return told(
        LogLine.Level.INFO,
        LogLine.Kind.NOTE,
        null,
        "The execution waits for its turn: those that run here hold as much as there is room for.");
  }

  /// Why the execution as a whole ends.
  LogLine endsFor(String message) {
    return told(LogLine.Level.ERROR, LogLine.Kind.NOTE, null, message);
  }

  private LogLine told(
      LogLine.Level level, LogLine.Kind kind, @Nullable Step step, String message) {
    return line(level, kind, step, message, 0, null, null, null);
  }

  private LogLine line(
      LogLine.Level level,
      LogLine.Kind kind,
      @Nullable Step step,
      String message,
      long tookNs,
      @Nullable String input,
      @Nullable String output,
      @Nullable String recorded) {
    return new LogLine(
        position.takeLogId(),
        clock.instant(),
        level,
        kind,
        step == null ? null : step.id(),
        position.attempts(),
        said(message),
        tookNs / 1_000,
        input,
        output,
        recorded);
  }

  /// What a step is given, as people see it.
  @Nullable String inputGlimpse(@Nullable Object input) {
    return position.redaction().ofInput(input);
  }

  /// Fields that a workflow names of a step's answer are taken out of an error's body as well.
  private @Nullable String handledGlimpse(Step step, StepError error) {
    var redaction = position.redaction();
    var body = redaction.shown(error.body(), "steps", step.id(), "body");
    var shown =
        new StepError(error.code(), error.message(), error.status(), body)
            .output(position.attempts());
    return Glimpses.cut(Json.write(redaction.shown(shown, "steps", step.id())));
  }

  private @Nullable String bodyGlimpse(Step step, StepError error) {
    if (error.body() == null) {
      return null;
    }
    var recorded = Json.write(error.body());
    var shown = position.redaction().ofOutput(error.body(), recorded, "steps", step.id(), "body");
    return shown == null ? Glimpses.cut(recorded) : shown;
  }

  /// A message as people read it.
  String said(String message) {
    return cut(position.redaction().text(message));
  }

  /// A span of time as people say it: `400 ms`, `12 s`, `9 min 57 s`.
  static String inWords(Duration span) {
    if (span.toMillis() < 1_000) {
      return span.toMillis() + " ms";
    }
    var seconds = (span.toMillis() + 500) / 1_000;
    if (seconds < 60) {
      return seconds + " s";
    }
    return seconds / 60 + " min" + (seconds % 60 == 0 ? "" : " " + seconds % 60 + " s");
  }

  /// Cut to its limit, and without what no text of the database can hold.
  private static String cut(String message) {
    var text = message.replace('\0', '\uFFFD');
    return text.length() <= MESSAGE_MAX ? text : text.substring(0, MESSAGE_MAX) + "…";
  }
}
