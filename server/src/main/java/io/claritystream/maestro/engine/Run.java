package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Moment;
import io.claritystream.maestro.action.Answer;
import io.claritystream.maestro.action.CompiledStep;
import io.claritystream.maestro.action.Json;
import io.claritystream.maestro.action.Secrets;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.action.StepFailure;
import io.claritystream.maestro.action.StepOutcome;
import io.claritystream.maestro.action.StepScope;
import io.claritystream.maestro.definition.OnError;
import io.claritystream.maestro.definition.OnUnknown;
import io.claritystream.maestro.definition.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/// One execution while this process holds it: goes from step to step on a thread of its own until
/// the execution ends, waits, or is taken away. Each step is durable before the next begins.
///
/// What it knows is what its journal says. A run that goes on with an execution after a crash has
/// read the same lines that the run before it wrote, and so stands where that one stood.
final class Run implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  /// What all answers of one execution may hold together, as JSON.
  private static final int RECORDED_CHARS_MAX = 16 * 1024 * 1024;

  /// What one answer may hold.
  private static final int ANSWER_CHARS_MAX = 2 * 1024 * 1024;

  private static final int MESSAGE_MAX = 1_000;

  /// The code of an error that says that too much is under way here.
  private static final String BUSY = "busy";

  private static final Duration BUSY_WAIT = Duration.ofMillis(500);

  /// What a run needs of its process.
  interface House {
    Instant now();

    JournalEntry.Outcome write(JournalEntry entry, int node);

    /// Returns once no other process can have taken this one's executions, or throws if they were.
    void awaitLease(int node) throws InterruptedException, LostException;

    /// Whether this process goes, so that what can be gone on with elsewhere should be.
    boolean leaving();

    /// The caller of the webhook is answered; what is said is durable.
    void answered(UUID execution, Answer answer);

    /// The run is over: the execution has ended, waits, or is another's.
    ///
    /// @param workerUs that this run took
    void done(Run run, @Nullable ExecutionStatus status, long workerUs, long guessedUs);

    /// The run is given up, and what the database says of the execution is not known.
    void adrift(Run run);
  }

  /// The execution is another process's.
  static final class LostException extends Exception {
    LostException() {
      super(null, null, false, false);
    }
  }

  private final House house;
  private final ExecutionRef ref;
  private final Program program;
  private final Intake intake;
  private final int leaseEpoch;
  private final int node;
  private final Walk walk;
  private final Moment moment;
  private final Map<String, @Nullable Object> steps = new LinkedHashMap<>();
  private final Map<String, @Nullable Object> context = new LinkedHashMap<>();

  /// The values of the fields that the workflow names, which no glimpse and no message shows.
  private final List<String> hiddenValues = new ArrayList<>();

  private Secrets hidden = Secrets.NONE;
  private int nextLogId;
  private int stepsDone;
  private long recordedChars;
  private final long workerUsBefore;
  private long workerUs;
  private long guessedUs;

  /// Of the step whose turn it is: the tries that were begun, and whether the last one's outcome is
  /// not known.
  private int attempts;

  private boolean unsettled;

  /// What a person said of the step whose turn it is, if that is that it failed.
  private @Nullable String saidFailed;

  /// How the run left the execution: ended, or waiting.
  private @Nullable ExecutionStatus leftAs;

  private volatile @Nullable Thread thread;
  private volatile boolean aborted;

  /// @param lines of the journal, in order; the trigger's first
  Run(
      House house,
      Program program,
      Intake intake,
      int leaseEpoch,
      int node,
      long workerUs,
      List<LogLine> lines) {
    this.house = house;
    this.ref = intake.ref();
    this.program = program;
    this.intake = intake;
    this.leaseEpoch = leaseEpoch;
    this.node = node;
    this.workerUsBefore = workerUs;
    this.workerUs = workerUs;
    this.walk = new Walk(program.route(), intake.triggerKey());
    this.moment = new Moment(intake.createdAt(), intake.effectsOf().getLeastSignificantBits());
    var execution = new LinkedHashMap<String, @Nullable Object>();
    execution.put("id", ref.execution().toString());
    execution.put("workflow_id", ref.workflow().toString());
    execution.put("version", (long) ref.version());
    execution.put("created_at", intake.createdAt().toString());
    execution.put("trigger", intake.triggerKey());
    context.put("execution", execution);
    context.put("steps", steps);
    lines.forEach(this::restore);
  }

  TenantId tenant() {
    return ref.tenant();
  }

  UUID execution() {
    return ref.execution();
  }

  int leaseEpoch() {
    return leaseEpoch;
  }

  int node() {
    return node;
  }

  /// Whether another is this node's run of the same claim.
  boolean same(Run other) {
    return node == other.node
        && leaseEpoch == other.leaseEpoch
        && ref.execution().equals(other.ref.execution());
  }

  long guessedUs() {
    return guessedUs;
  }

  void guessed(long us) {
    guessedUs = us;
  }

  /// Takes in a line that is durable.
  private void restore(LogLine line) {
    nextLogId = line.logId() + 1;
    recordedChars += line.recorded() == null ? 0 : line.recorded().length();
    switch (line.kind()) {
      case TRIGGER -> {
        var trigger = Json.read(line.recorded());
        context.put("trigger", trigger);
        hide(trigger, "trigger");
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
        saidFailed =
            Json.read(line.recorded()) instanceof Map<?, ?> said
                ? String.valueOf(said.get("failed"))
                : null;
      }
      case SUCCEEDED -> succeeded(line.step(), Json.read(line.recorded()));
      case HANDLED -> handled(line.step(), Json.read(line.recorded()));
      case FAILED, PARKED, NOTE -> {
        // Tells people; where the execution stands is the same.
      }
    }
  }

  private void succeeded(@Nullable String step, @Nullable Object output) {
    steps.put(String.valueOf(step), output);
    hide(output, "steps", String.valueOf(step));
    walk.succeeded(caseOf(output));
    settled();
  }

  private void handled(@Nullable String step, @Nullable Object output) {
    steps.put(String.valueOf(step), output);
    hide(output, "steps", String.valueOf(step));
    walk.handled();
    settled();
  }

  private void hide(@Nullable Object value, String... place) {
    if (hiddenValues.addAll(program.glimpses().values(value, place))) {
      hidden = new Secrets(hiddenValues);
    }
  }

  private @Nullable String inputGlimpse(@Nullable Object input) {
    return hidden.isEmpty() || input == null
        ? program.glimpses().ofInput(input)
        : program.glimpses().ofInput(hidden.without(input));
  }

  private @Nullable String outputGlimpse(
      @Nullable Object output, String recorded, String... place) {
    return hidden.isEmpty()
        ? program.glimpses().ofOutput(output, recorded, place)
        : Glimpses.cut(Json.write(hidden.without(program.glimpses().without(output, place))));
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

  /// Ends what the run is doing, without a word in the journal: the execution is no longer this
  /// process's.
  void abort() {
    aborted = true;
    var running = thread;
    if (running != null) {
      running.interrupt();
    }
  }

  @Override
  public void run() {
    thread = Thread.currentThread();
    try {
      goOn();
    } catch (LostException e) {
      log.debug("execution is another process's: execution={}", ref.execution());
    } catch (InterruptedException e) {
      if (!aborted) {
        log.info("execution interrupted: execution={}", ref.execution());
        house.adrift(this);
      }
    } catch (DataAccessException | TransactionException e) {
      // The database is away, which is no fault of the execution: it is set free again.
      log.info("execution is let go: execution={} cause={}", ref.execution(), e.toString());
      house.adrift(this);
    } catch (RuntimeException | Error e) {
      failUnexpectedly(e);
    } finally {
      thread = null;
      house.done(this, leftAs, workerUs - workerUsBefore, guessedUs);
    }
  }

  private void goOn() throws InterruptedException, LostException {
    if (walk.next() == Walk.END) {
      end(ExecutionStatus.SUCCESS, List.of(), "success", null, null);
      return;
    }
    while (leftAs == null) {
      if (aborted || house.leaving()) {
        throw new LostException();
      }
      if (!house.now().isBefore(intake.deadlineAt())) {
        var message =
            "The execution did not end within its time, until " + intake.deadlineAt() + ".";
        end(
            ExecutionStatus.FAILED,
            List.of(line(LogLine.Level.ERROR, LogLine.Kind.NOTE, null, message)),
            "execution_timeout",
            null,
            message);
        return;
      }
      var compiled = program.steps().get(walk.next());
      if (saidFailed != null) {
        finallyFailed(compiled.step(), StepError.of("said_failed", saidFailed), null, 0);
        continue;
      }
      var goesOn = unsettled ? goOnAfterUnknown(compiled.step()) : attempt(compiled);
      if (!goesOn) {
        return;
      }
    }
  }

  /// One try of the step whose turn it is.
  ///
  /// @return false if the execution waits now
  private boolean attempt(CompiledStep compiled) throws InterruptedException, LostException {
    var step = compiled.step();
    var startedNs = System.nanoTime();
    CompiledStep.Prepared prepared;
    try {
      prepared = compiled.prepare(scope(compiled));
    } catch (StepFailure e) {
      if (aborted) {
        throw new LostException();
      }
      workerUs += (System.nanoTime() - startedNs) / 1_000;
      attempts++;
      return failed(step, e.error(), null, System.nanoTime() - startedNs);
    }
    var preparedNs = System.nanoTime() - startedNs;
    attempts++;
    var input = inputGlimpse(prepared.input());
    if (compiled.acts()) {
      durable(
          new JournalEntry.Progress(
              ref,
              leaseEpoch,
              new LogLine(
                  nextLogId,
                  house.now(),
                  LogLine.Level.INFO,
                  LogLine.Kind.INTENT,
                  step.id(),
                  attempts,
                  "Step " + step.id() + " begins",
                  0,
                  input,
                  null,
                  null)));
      nextLogId++;
      house.awaitLease(node);
      input = null;
      workerUs += preparedNs / 1_000;
      startedNs = System.nanoTime();
    }
    var outcome = prepared.perform();
    var tookNs = System.nanoTime() - startedNs;
    workerUs += tookNs / 1_000;
    if (aborted) {
      throw new LostException();
    }
    return switch (outcome) {
      case StepOutcome.Done(var output) -> {
        done(step, output, input, tookNs);
        yield true;
      }
      case StepOutcome.Chosen(var name) -> {
        var output = new LinkedHashMap<String, @Nullable Object>();
        output.put("case", name);
        done(step, output, input, tookNs);
        yield true;
      }
      case StepOutcome.Answered(var answer) -> {
        if (done(step, answer.output(), input, tookNs)) {
          house.answered(ref.execution(), answer);
        }
        yield true;
      }
      case StepOutcome.Failed(var error) -> failed(step, error, input, tookNs);
      case StepOutcome.Unknown(var error) -> unknown(compiled, error, input, tookNs);
    };
  }

  private StepScope scope(CompiledStep compiled) {
    var left = Duration.between(house.now(), intake.deadlineAt());
    var timeout = compiled.step().timeout();
    return new StepScope(
        ref.tenant(),
        context,
        new Moment(
            moment.now(), moment.seed() ^ compiled.step().id().hashCode() * 0x9E37_79B9_7F4A_7C15L),
        compiled.acts() ? EffectKey.of(intake.effectsOf(), compiled.step().id()) : "",
        timeout.compareTo(left) <= 0 ? timeout : left);
  }

  /// @return false if it is too large, which has failed the step
  private boolean done(Step step, @Nullable Object output, @Nullable String input, long tookNs)
      throws LostException {
    var recorded = Json.deeper(output, Json.ANSWER_DEPTH_MAX) ? null : Json.write(output);
    if (recorded == null
        || recorded.length() > ANSWER_CHARS_MAX
        || recordedChars + recorded.length() > RECORDED_CHARS_MAX) {
      var error =
          StepError.of(
              "output_too_large",
              "What the step answers is too large to be kept: an answer may have 2 million "
                  + "characters and 256 levels, all of an execution together 16 million.");
      finallyFailed(step, error, input, tookNs);
      return false;
    }
    hide(output, "steps", step.id());
    var line =
        new LogLine(
            nextLogId,
            house.now(),
            LogLine.Level.INFO,
            LogLine.Kind.SUCCEEDED,
            step.id(),
            attempts,
            "Step " + step.id() + " succeeded",
            tookNs / 1_000,
            input,
            outputGlimpse(output, recorded, "steps", step.id()),
            recorded);
    recordedChars += recorded.length();
    succeeded(step.id(), output);
    settle(line);
    return true;
  }

  /// Writes what became of a step, together with the execution's end if it was the last.
  private void settle(LogLine line) throws LostException {
    nextLogId++;
    if (walk.next() == Walk.END) {
      end(ExecutionStatus.SUCCESS, List.of(line), "success", null, null);
    } else {
      durable(new JournalEntry.Progress(ref, leaseEpoch, line));
    }
  }

  /// @return false if the execution waits now
  private boolean failed(Step step, StepError error, @Nullable String input, long tookNs)
      throws LostException {
    if (error.code().equals(BUSY)) {
      busy(step, error);
      return false;
    }
    var retry = step.retry();
    if (attempts > retry.count() || !retry.covers(error.code())) {
      finallyFailed(step, error, input, tookNs);
      return true;
    }
    var now = house.now();
    var wait = retry.delay(attempts, EffectKey.chance(ref.execution(), step.id(), attempts));
    var line =
        new LogLine(
            nextLogId++,
            now,
            LogLine.Level.WARN,
            LogLine.Kind.RETRY,
            step.id(),
            attempts,
            cut(
                "Step "
                    + step.id()
                    + " failed and is tried again in "
                    + wait.toMillis()
                    + " ms: "
                    + error.message()),
            tookNs / 1_000,
            input,
            bodyGlimpse(step, error),
            null);
    // Beyond its time there is nothing to wait for.
    var again = now.plus(wait).isBefore(intake.deadlineAt()) ? now.plus(wait) : intake.deadlineAt();
    durable(new JournalEntry.Pause(ref, leaseEpoch, List.of(line), again, "retry", workerUs));
    leftAs = ExecutionStatus.WAITING;
    return false;
  }

  /// The platform's own limits: no try was made, and another is as soon as there may be room.
  private void busy(Step step, StepError error) throws LostException {
    attempts--;
    var now = house.now();
    var wait =
        BUSY_WAIT.plusMillis(
            (long)
                (BUSY_WAIT.toMillis() * EffectKey.chance(ref.execution(), step.id(), nextLogId)));
    var line =
        line(
            LogLine.Level.INFO,
            LogLine.Kind.RETRY,
            step.id(),
            cut("Step " + step.id() + " waits for its turn: " + error.message()));
    durable(
        new JournalEntry.Pause(ref, leaseEpoch, List.of(line), now.plus(wait), "retry", workerUs));
    leftAs = ExecutionStatus.WAITING;
  }

  private void finallyFailed(Step step, StepError error, @Nullable String input, long tookNs)
      throws LostException {
    if (step.onError() == OnError.STOP) {
      var line =
          new LogLine(
              nextLogId++,
              house.now(),
              LogLine.Level.ERROR,
              LogLine.Kind.FAILED,
              step.id(),
              attempts,
              cut("Step " + step.id() + " failed: " + error.message()),
              tookNs / 1_000,
              input,
              bodyGlimpse(step, error),
              null);
      end(ExecutionStatus.FAILED, List.of(line), error.code(), step.id(), cut(error.message()));
      return;
    }
    Object output = error.output(attempts);
    var recorded = Json.write(output);
    var line =
        new LogLine(
            nextLogId,
            house.now(),
            LogLine.Level.WARN,
            LogLine.Kind.HANDLED,
            step.id(),
            attempts,
            cut("Step " + step.id() + " failed, and the workflow goes on: " + error.message()),
            tookNs / 1_000,
            input,
            handledGlimpse(step, error),
            recorded);
    recordedChars += recorded.length();
    handled(step.id(), output);
    settle(line);
  }

  /// Fields that a workflow names of a step's answer are taken out of an error's body as well.
  private @Nullable String handledGlimpse(Step step, StepError error) {
    var body = program.glimpses().without(error.body(), "steps", step.id(), "body");
    var shown = new StepError(error.code(), error.message(), error.status(), body).output(attempts);
    return Glimpses.cut(
        Json.write(hidden.without(program.glimpses().without(shown, "steps", step.id()))));
  }

  private @Nullable String bodyGlimpse(Step step, StepError error) {
    if (error.body() == null) {
      return null;
    }
    var recorded = Json.write(error.body());
    var shown = outputGlimpse(error.body(), recorded, "steps", step.id(), "body");
    return shown == null ? Glimpses.cut(recorded) : shown;
  }

  /// Nobody knows whether the try has acted.
  private boolean unknown(
      CompiledStep compiled, StepError error, @Nullable String input, long tookNs)
      throws LostException {
    return switch (onUnknown(compiled.step())) {
      case RETRY -> failed(compiled.step(), error, input, tookNs);
      case FAIL -> {
        finallyFailed(compiled.step(), error, input, tookNs);
        yield true;
      }
      case PARK -> {
        park(compiled.step(), error.message());
        yield false;
      }
    };
  }

  /// The process that made the last try is gone, and whether it has acted nobody knows.
  ///
  /// @return false if the execution waits now
  private boolean goOnAfterUnknown(Step step) throws LostException {
    unsettled = false;
    var message = "its process was lost after it had begun, so nobody knows whether it has acted";
    switch (onUnknown(step)) {
      case RETRY ->
          durable(
              new JournalEntry.Progress(
                  ref,
                  leaseEpoch,
                  line(
                      LogLine.Level.WARN,
                      LogLine.Kind.NOTE,
                      step.id(),
                      "Step " + step.id() + " is tried again under the same key: " + message)));
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

  private void park(Step step, String message) throws LostException {
    var line =
        line(
            LogLine.Level.WARN,
            LogLine.Kind.PARKED,
            step.id(),
            cut("Step " + step.id() + " waits for a person to decide: " + message));
    durable(
        new JournalEntry.Pause(
            ref, leaseEpoch, List.of(line), Interventions.NEVER, "decision", workerUs));
    leftAs = ExecutionStatus.WAITING;
  }

  private LogLine line(
      LogLine.Level level, LogLine.Kind kind, @Nullable String step, String message) {
    return new LogLine(
        nextLogId++, house.now(), level, kind, step, attempts, message, 0, null, null, null);
  }

  private void end(
      ExecutionStatus status,
      List<LogLine> lines,
      String outcome,
      @Nullable String step,
      @Nullable String message)
      throws LostException {
    durable(
        new JournalEntry.End(
            ref,
            leaseEpoch,
            lines,
            status,
            house.now(),
            outcome,
            step,
            message,
            stepsDone,
            workerUs));
    leftAs = status;
  }

  private void durable(JournalEntry entry) throws LostException {
    switch (house.write(entry, node)) {
      case JournalEntry.Outcome.Committed committed -> {}
      case JournalEntry.Outcome.Lost lost -> throw new LostException();
      case JournalEntry.Outcome.Refused(var cause) ->
          throw new IllegalStateException("the database refuses an entry of the journal", cause);
    }
  }

  /// A fault of ours ends the execution: tried again, it would most likely come again.
  private void failUnexpectedly(Throwable fault) {
    log.error("execution failed of a fault of the platform: execution={}", ref.execution(), fault);
    if (aborted || leftAs != null) {
      return;
    }
    var message = "A fault of the platform ended the execution; its operators can see the cause.";
    try {
      end(
          ExecutionStatus.FAILED,
          List.of(line(LogLine.Level.ERROR, LogLine.Kind.NOTE, null, message)),
          "internal",
          null,
          message);
    } catch (LostException | RuntimeException e) {
      log.warn("its end could not be written: execution={}", ref.execution(), e);
      house.adrift(this);
    }
  }

  /// Cut to its limit, and without what no text of the database can hold.
  private static String cut(String message) {
    var text = message.replace('\0', '\uFFFD');
    return text.length() <= MESSAGE_MAX ? text : text.substring(0, MESSAGE_MAX) + "…";
  }
}
