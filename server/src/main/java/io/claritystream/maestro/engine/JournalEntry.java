package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Something of one execution that is to be durable before it goes on.
abstract sealed class JournalEntry {

  /// What became of it.
  sealed interface Outcome {
    record Committed() implements Outcome {}

    /// The execution is no longer this process's: it was canceled, or taken over.
    record Lost() implements Outcome {}

    /// The database refuses it, however often it is tried.
    record Refused(Exception cause) implements Outcome {}
  }

  private static final Outcome.Committed COMMITTED = new Outcome.Committed();
  private static final Outcome.Lost LOST = new Outcome.Lost();

  final ExecutionRef ref;
  final TenantId tenant;
  final UUID execution;
  final int leaseEpoch;
  final List<LogLine> lines;

  private final Thread waiter;
  private volatile @Nullable Outcome outcome;

  private JournalEntry(ExecutionRef ref, int leaseEpoch, List<LogLine> lines) {
    this.ref = ref;
    this.tenant = ref.tenant();
    this.execution = ref.execution();
    this.leaseEpoch = leaseEpoch;
    this.lines = lines;
    this.waiter = Thread.currentThread();
  }

  /// An execution is taken in.
  static final class Accept extends JournalEntry {
    final Intake intake;
    final boolean leased;
    final boolean known;
    final @Nullable LogLine first;

    /// @param leased whether this process works on it at once
    /// @param known whether its id is of the caller's making, so that another may have taken it in
    /// @param lines the trigger's, those that a retry takes over, and the first of its own
    /// @param first of its own, if it did something before it was taken in
    Accept(
        Intake intake,
        boolean leased,
        boolean known,
        List<LogLine> lines,
        @Nullable LogLine first) {
      super(intake.ref(), 1, lines);
      this.first = first;
      this.intake = intake;
      this.leased = leased;
      this.known = known;
    }
  }

  /// A step is about to act, or is done.
  static final class Progress extends JournalEntry {
    Progress(ExecutionRef ref, int leaseEpoch, LogLine line) {
      super(ref, leaseEpoch, List.of(line));
    }
  }

  /// The execution waits, and whoever is free goes on with it then.
  static final class Pause extends JournalEntry {
    final Instant readyAt;
    final String waitingFor;
    final long workerUs;

    Pause(
        ExecutionRef ref,
        int leaseEpoch,
        List<LogLine> lines,
        Instant readyAt,
        String waitingFor,
        long workerUs) {
      super(ref, leaseEpoch, lines);
      this.readyAt = readyAt;
      this.waitingFor = waitingFor;
      this.workerUs = workerUs;
    }
  }

  /// The execution has come to its end.
  static final class End extends JournalEntry {
    final ExecutionStatus status;
    final Instant finishedAt;
    final String outcome;
    final @Nullable String step;
    final @Nullable String message;
    final int stepsDone;
    final long workerUs;

    End(
        ExecutionRef ref,
        int leaseEpoch,
        List<LogLine> lines,
        ExecutionStatus status,
        Instant finishedAt,
        String outcome,
        @Nullable String step,
        @Nullable String message,
        int stepsDone,
        long workerUs) {
      super(ref, leaseEpoch, lines);
      this.status = status;
      this.finishedAt = finishedAt;
      this.outcome = outcome;
      this.step = step;
      this.message = message;
      this.stepsDone = stepsDone;
      this.workerUs = workerUs;
    }
  }

  /// Waits, on the thread that made the entry. An interrupt does not end the waiting: what is
  /// written down must be known. It is left to be seen afterwards.
  Outcome await() {
    var interrupted = false;
    Outcome told;
    while ((told = outcome) == null) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return told;
  }

  static Outcome nothingCame() {
    return LOST;
  }

  void committed() {
    tell(COMMITTED);
  }

  void lost() {
    tell(LOST);
  }

  void refused(Exception cause) {
    tell(new Outcome.Refused(cause));
  }

  /// The first word counts.
  private void tell(Outcome told) {
    if (outcome != null) {
      return;
    }
    outcome = told;
    LockSupport.unpark(waiter);
  }
}
