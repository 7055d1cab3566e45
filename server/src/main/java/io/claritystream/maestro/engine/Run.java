package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.expression.Turns;
import io.claritystream.base.process.LastResort;
import io.claritystream.maestro.action.Answer;
import io.claritystream.maestro.action.CompiledStep;
import io.claritystream.maestro.action.StepError;
import io.claritystream.maestro.action.StepFailure;
import io.claritystream.maestro.action.StepOutcome;
import io.claritystream.maestro.action.StepScope;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/// One execution while this process holds it: goes from step to step on a thread of its own until
/// the execution ends, waits, or is taken away. Each step is durable before the next begins.
///
/// What it knows is what its journal says ([Position]). A run that goes on with an execution after
/// a crash has read the same lines that the run before it wrote, and so stands where that one
/// stood. What a try's end means is [Settlement]'s.
final class Run implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Run.class);

  /// Less is not worth counting: what all runs leave out together is little.
  private static final long GROWN_MIN = 16 * 1024;

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

    /// A run holds so much more of the heap.
    ///
    /// @return whether there is room for it
    boolean grown(Run run, long more);

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
  private final Position position;
  private final Lines lines;
  private final Settlement settlement;
  private final long workerUsBefore;
  private final @Nullable Opening opening;
  private final long chars;

  /// What is in the journal, until the run begins: as text it takes the least room.
  private List<LogLine> journal;

  private final long weight;

  /// Of the heap, as its process was told. Its [ReadySet]'s.
  private long held;

  /// Not told yet: little.
  private long grown;

  private long guessedUs;
  private volatile @Nullable Thread thread;
  private volatile boolean aborted;

  /// @param workerUs that the execution has taken so far
  /// @param journal its lines, in order; the trigger's first
  /// @param opening of an execution that is not taken in yet
  Run(
      House house,
      Program program,
      Intake intake,
      int leaseEpoch,
      int node,
      long workerUs,
      List<LogLine> journal,
      @Nullable Opening opening) {
    this.house = house;
    this.ref = intake.ref();
    this.program = program;
    this.intake = intake;
    this.leaseEpoch = leaseEpoch;
    this.node = node;
    this.workerUsBefore = workerUs;
    this.opening = opening;
    this.journal = journal;
    this.chars = LogLine.chars(journal);
    this.weight = Weight.of(journal);
    this.position = new Position(program, intake);
    this.lines = new Lines(position, house::now);
    this.settlement =
        new Settlement(
            house, this::grow, intake, leaseEpoch, node, position, lines, workerUs, opening);
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

  /// That it holds before it begins.
  long chars() {
    return chars;
  }

  /// That it holds of the heap when it begins.
  long weight() {
    return weight;
  }

  long held() {
    return held;
  }

  void holds(long now) {
    held = now;
  }

  /// It has more to remember.
  ///
  /// @return whether there is room for it
  private boolean grow(long more) {
    grown += more;
    if (grown < GROWN_MIN) {
      return true;
    }
    var told = grown;
    grown = 0;
    return house.grown(this, told);
  }

  /// Whether another is this node's run of the same claim.
  boolean same(Run other) {
    return node == other.node
        && leaseEpoch == other.leaseEpoch
        && ref.execution().equals(other.ref.execution());
  }

  /// Whether the execution is taken in, and this run's.
  boolean takenIn() {
    return opening == null || opening.committed();
  }

  long guessedUs() {
    return guessedUs;
  }

  void guessed(long us) {
    guessedUs = us;
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
    Turns.onBehalfOf(ref.tenant(), this::goToTheEnd);
  }

  private void goToTheEnd() {
    thread = Thread.currentThread();
    try {
      position.restore(journal);
      journal = List.of();
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
      if (opening != null) {
        opening.became(JournalEntry.nothingCame());
      }
      house.done(this, settlement.leftAs(), settlement.workerUs() - workerUsBefore, guessedUs);
    }
  }

  private void goOn() throws InterruptedException, LostException {
    if (position.next() == Walk.END) {
      settlement.success();
      return;
    }
    while (settlement.leftAs() == null) {
      if (aborted || house.leaving()) {
        throw new LostException();
      }
      if (position.undecided()) {
        settlement.undecided(program.steps().get(position.next()).step());
        return;
      }
      if (!house.now().isBefore(intake.deadlineAt())) {
        settlement.fail(
            "execution_timeout",
            "The execution did not end within its time, until " + intake.deadlineAt() + ".");
        return;
      }
      var compiled = program.steps().get(position.next());
      var saidFailed = position.saidFailed();
      if (saidFailed != null) {
        settlement.finallyFailed(compiled.step(), StepError.of("said_failed", saidFailed), null, 0);
        continue;
      }
      var goesOn = position.unsettled() ? settlement.lostTry(compiled.step()) : attempt(compiled);
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
      settlement.took(System.nanoTime() - startedNs);
      position.tried();
      return settlement.failed(step, e.error(), null, System.nanoTime() - startedNs);
    }
    var preparedNs = System.nanoTime() - startedNs;
    position.tried();
    var input = lines.inputGlimpse(prepared.input());
    if (compiled.acts()) {
      settlement.progress(lines.intent(step, input));
      house.awaitLease(node);
      input = null;
    } else if (compiled.waits()) {
      settlement.takeIn();
    }
    if (compiled.waits()) {
      // What the step takes is what others take; the commit before it is none of theirs.
      settlement.took(preparedNs);
      startedNs = System.nanoTime();
    }
    var outcome = prepared.perform();
    var tookNs = System.nanoTime() - startedNs;
    settlement.took(tookNs);
    if (position.stepsDone() == 0) {
      program.firstStep().took(compiled.waits() ? preparedNs : tookNs);
    }
    if (aborted) {
      throw new LostException();
    }
    return switch (outcome) {
      case StepOutcome.Done(var output) -> {
        settlement.done(step, output, input, tookNs);
        yield true;
      }
      case StepOutcome.Chosen(var name) -> {
        var output = new LinkedHashMap<String, @Nullable Object>();
        output.put("case", name);
        settlement.done(step, output, input, tookNs);
        yield true;
      }
      case StepOutcome.Answered(var answer) -> {
        if (settlement.done(step, answer.output(), input, tookNs)) {
          house.answered(ref.execution(), answer);
        }
        yield true;
      }
      case StepOutcome.Failed(var error) -> settlement.failed(step, error, input, tookNs);
      case StepOutcome.Unknown(var error) -> settlement.unknown(step, error, input, tookNs);
    };
  }

  private StepScope scope(CompiledStep compiled) {
    var left = Duration.between(house.now(), intake.deadlineAt());
    var timeout = compiled.step().timeout();
    return new StepScope(
        ref.tenant(),
        position.context(),
        position.moment(compiled.step().id()),
        compiled.acts() ? EffectKey.of(intake.effectsOf(), compiled.step().id()) : "",
        timeout.compareTo(left) <= 0 ? timeout : left);
  }

  /// A fault of ours ends the execution: tried again, it would most likely come again. One of the
  /// process as a whole says nothing of the execution that it hit.
  private void failUnexpectedly(Throwable fault) {
    LastResort.endUnlessPassing(fault);
    log.error("execution failed of a fault of the platform: execution={}", ref.execution(), fault);
    if (aborted || settlement.leftAs() != null) {
      return;
    }
    var message = "A fault of the platform ended the execution; its operators can see the cause.";
    try {
      settlement.fail("internal", message);
    } catch (LostException | RuntimeException e) {
      log.warn("its end could not be written: execution={}", ref.execution(), e);
      house.adrift(this);
    }
  }
}
