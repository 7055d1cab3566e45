package io.claritystream.maestro.engine;

import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.definition.OnError;
import io.claritystream.maestro.definition.OnUnknown;
import io.claritystream.maestro.definition.Step;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the end of a try means for its execution: the next step, another try, a person's decision,
/// or the end. Whatever it is, it is durable when a method returns.
///
/// It is one run's, and used by its thread alone.
final class Settlement {
  /// What all answers of one execution may hold together, as JSON.
  private static final int RECORDED_CHARS_MAX = 16 * 1024 * 1024;

  /// What one answer may hold.
  private static final int ANSWER_CHARS_MAX = 2 * 1024 * 1024;

  /// The code of an error that says that too much is under way here.
  private static final String BUSY = "busy";

  /// How long a person has to decide.
  static final Duration DECISION_MAX = Duration.ofDays(30);

  private static final Duration BUSY_WAIT = Duration.ofMillis(500);

  /// Told what a run has to remember, and says whether there is room for it.
  interface Holding {
    boolean grow(long more);
  }

  /// What all answers of one execution may hold of the heap.
  private static final long WEIGHT_MAX = 48L * 1024 * 1024;

  private final Run.House house;
  private final Holding holding;
  private final Intake intake;
  private final int leaseEpoch;
  private final int node;
  private final Position position;
  private final Lines lines;
  private long workerUs;

  /// Null once the execution is taken in, or not to be.
  private @Nullable Opening opening;

  /// How the run left the execution: ended, or waiting.
  private @Nullable ExecutionStatus leftAs;

  /// @param workerUs that the execution has taken so far
  /// @param opening of an execution that is not taken in yet
  Settlement(
      Run.House house,
      Holding holding,
      Intake intake,
      int leaseEpoch,
      int node,
      Position position,
      Lines lines,
      long workerUs,
      @Nullable Opening opening) {
    this.house = house;
    this.holding = holding;
    this.intake = intake;
    this.leaseEpoch = leaseEpoch;
    this.node = node;
    this.position = position;
    this.lines = lines;
    this.workerUs = workerUs;
    this.opening = opening;
  }

  /// Null while the run goes on.
  @Nullable ExecutionStatus leftAs() {
    return leftAs;
  }

  long workerUs() {
    return workerUs;
  }

  void took(long ns) {
    workerUs += ns / 1_000;
  }

  /// Writes something that leaves the execution with this run.
  void progress(LogLine line) throws Run.LostException {
    durable(new JournalEntry.Progress(intake.ref(), leaseEpoch, line));
  }

  /// @return false if it is too large, which has failed the step
  boolean done(Step step, @Nullable Object output, @Nullable String input, long tookNs)
      throws Run.LostException {
    var recorded = Json.deeper(output, Json.ANSWER_DEPTH_MAX) ? null : Json.write(output);
    var weight = Weight.of(recorded);
    if (recorded == null
        || recorded.length() > ANSWER_CHARS_MAX
        || position.recordedChars() + recorded.length() > RECORDED_CHARS_MAX
        || position.weight() + weight > WEIGHT_MAX) {
      var error =
          StepError.of(
              "output_too_large",
              "What the step answers is too large to be kept: an answer may have 2 million "
                  + "characters and 256 levels, all of an execution together 16 million, and about "
                  + "800,000 elements and members.");
      finallyFailed(step, error, input, tookNs);
      return false;
    }
    position.redaction().learn(output, "steps", step.id());
    var line = lines.succeeded(step, output, recorded, input, tookNs);
    position.recorded(recorded, weight);
    position.succeeded(step.id(), output);
    settle(line, weight);
    return true;
  }

  /// Writes what became of a step, together with the execution's end if it was the last.
  private void settle(LogLine line, long weight) throws Run.LostException {
    if (position.next() == Walk.END) {
      end(ExecutionStatus.SUCCESS, List.of(line), "success", null, null);
    } else if (!holding.grow(weight)) {
      letGo(List.of(line, lines.letsGo()));
    } else {
      progress(line);
    }
  }

  /// @return false if the execution waits now
  boolean failed(Step step, StepError error, @Nullable String input, long tookNs)
      throws Run.LostException {
    if (error.code().equals(BUSY)) {
      busy(step, error);
      return false;
    }
    var retry = step.retry();
    var attempts = position.attempts();
    if (attempts > retry.count() || !retry.covers(error.code())) {
      finallyFailed(step, error, input, tookNs);
      return true;
    }
    var now = house.now();
    var wait = retry.delay(attempts, EffectKey.chance(intake.execution(), step.id(), attempts));
    var line = lines.retry(step, error, wait, input, tookNs);
    // Beyond its time there is nothing to wait for.
    var again = now.plus(wait).isBefore(intake.deadlineAt()) ? now.plus(wait) : intake.deadlineAt();
    durable(
        new JournalEntry.Pause(intake.ref(), leaseEpoch, List.of(line), again, "retry", workerUs));
    leftAs = ExecutionStatus.WAITING;
    return false;
  }

  /// The platform's own limits: no try was made, and another is as soon as there may be room.
  private void busy(Step step, StepError error) throws Run.LostException {
    position.notTried();
    letGo(List.of(lines.busy(step, error)));
  }

  /// The execution goes on when there may be room for it.
  private void letGo(List<LogLine> told) throws Run.LostException {
    var chance = EffectKey.chance(intake.execution(), "room", position.nextLogId());
    var wait = BUSY_WAIT.plusMillis((long) (BUSY_WAIT.toMillis() * chance));
    var again = house.now().plus(wait);
    durable(new JournalEntry.Pause(intake.ref(), leaseEpoch, told, again, "retry", workerUs));
    leftAs = ExecutionStatus.WAITING;
  }

  /// There is no other try: the execution ends, or goes on as the step says.
  void finallyFailed(Step step, StepError error, @Nullable String input, long tookNs)
      throws Run.LostException {
    if (step.onError() == OnError.STOP) {
      end(
          ExecutionStatus.FAILED,
          List.of(lines.failed(step, error, input, tookNs)),
          error.code(),
          step.id(),
          error.message());
      return;
    }
    Object output = error.output(position.attempts());
    position.redaction().learn(output, "steps", step.id());
    var recorded = Json.write(output);
    var weight = Weight.of(recorded);
    var line = lines.handled(step, error, recorded, input, tookNs);
    position.recorded(recorded, weight);
    position.handled(step.id(), output);
    settle(line, weight);
  }

  /// Nobody knows whether the try has acted.
  ///
  /// @return false if the execution waits now
  boolean unknown(Step step, StepError error, @Nullable String input, long tookNs)
      throws Run.LostException {
    return switch (onUnknown(step)) {
      case RETRY -> failed(step, error, input, tookNs);
      case FAIL -> {
        finallyFailed(step, error, input, tookNs);
        yield true;
      }
      case PARK -> {
        park(step, error.message());
        yield false;
      }
    };
  }

  /// The process that made the last try is gone, and whether it has acted nobody knows.
  ///
  /// @return false if the execution waits now
  boolean lostTry(Step step) throws Run.LostException {
    position.settling();
    var message = "its process was lost after it had begun, so nobody knows whether it has acted";
    switch (onUnknown(step)) {
      case RETRY -> progress(lines.again(step, message));
      case PARK -> {
        park(step, message);
        return false;
      }
      case FAIL ->
          finallyFailed(
              step,
              StepError.of("unknown_outcome", "The step cannot be settled: " + message + "."),
              null,
              0);
    }
    return true;
  }

  private static OnUnknown onUnknown(Step step) {
    return step.config() instanceof Step.HttpRequest request
        ? request.onUnknown()
        : OnUnknown.RETRY;
  }

  private void park(Step step, String message) throws Run.LostException {
    durable(
        new JournalEntry.Pause(
            intake.ref(),
            leaseEpoch,
            List.of(lines.parked(step, message)),
            house.now().plus(DECISION_MAX),
            "decision",
            workerUs));
    leftAs = ExecutionStatus.WAITING;
  }

  /// A person was to decide what became of the step, and its time is over: what waits for a
  /// decision is claimed then only.
  void undecided(Step step) throws Run.LostException {
    var message =
        "Nobody decided within "
            + DECISION_MAX.toDays()
            + " days what became of the step; a retry begins at it.";
    var error = StepError.of("decision_timeout", message);
    end(
        ExecutionStatus.FAILED,
        List.of(lines.failed(step, error, null, 0)),
        error.code(),
        step.id(),
        message);
  }

  /// All steps were gone through before.
  void success() throws Run.LostException {
    end(ExecutionStatus.SUCCESS, List.of(), "success", null, null);
  }

  /// The execution as a whole fails, at none of its steps.
  void fail(String outcome, String message) throws Run.LostException {
    end(ExecutionStatus.FAILED, List.of(lines.endsFor(message)), outcome, null, message);
  }

  private void end(
      ExecutionStatus status,
      List<LogLine> told,
      String outcome,
      @Nullable String step,
      @Nullable String message)
      throws Run.LostException {
    durable(
        new JournalEntry.End(
            intake.ref(),
            leaseEpoch,
            told,
            status,
            house.now(),
            outcome,
            step,
            message == null ? null : lines.said(message),
            position.stepsDone(),
            workerUs));
    leftAs = status;
  }

  /// Takes the execution in before anything that may take long.
  void takeIn() throws Run.LostException {
    takeIn(null);
  }

  /// @param first what it did meanwhile, which becomes durable with it
  /// @return false if it was taken in before
  private boolean takeIn(@Nullable LogLine first) throws Run.LostException {
    var unopened = opening;
    if (unopened == null) {
      return false;
    }
    opening = null;
    var outcome = house.write(unopened.entry(first), node);
    unopened.became(outcome);
    if (!(outcome instanceof JournalEntry.Outcome.Committed)) {
      // Whoever brought it knows why.
      throw new Run.LostException();
    }
    return true;
  }

  private void durable(JournalEntry entry) throws Run.LostException {
    var first = entry instanceof JournalEntry.Progress ? entry.lines.getFirst() : null;
    if (takeIn(first) && first != null) {
      return;
    }
    switch (house.write(entry, node)) {
      case JournalEntry.Outcome.Committed committed -> {}
      case JournalEntry.Outcome.Lost lost -> throw new Run.LostException();
      case JournalEntry.Outcome.Refused(var cause) ->
          throw new IllegalStateException("the database refuses an entry of the journal", cause);
    }
  }
}
