package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.action.Answer;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/// This process's part of the work on executions: it holds those that run here or are to, and is
/// what others call.
///
/// | thread | does |
/// |---|---|
/// | [Beat] | keeps the lease |
/// | [Watch] | ends nodes that did not keep theirs, lets go of what was taken away |
/// | [Dispatch] | shares out slots, claims what waits in the database |
/// | [Journal] | commits groups of entries |
/// | one for each [Run] | goes from step to step |
final class EngineNode
    implements Run.House, Beat.House, Watch.House, Dispatch.House, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EngineNode.class);
  /// How many processes may be lost while they hold an execution, before it is taken for the cause.
  static final int TAKEOVERS_MAX = 10;

  private static final Duration DRAIN_MAX = Duration.ofMillis(1_500);

  private final NodeLease lease;
  private final Journal journal;
  private final Programs programs;
  private final Answers answers;
  private final Clock clock;
  private final int workers;
  private final ReadySet ready;
  private final Strays strays;
  private final HistoryDays days;
  private final Beat beat;
  private final Watch watch;
  private final Dispatch dispatch;
  private final Unrunnable unrunnable;
  private final ConcurrentMap<UUID, Run> runs = new ConcurrentHashMap<>();

  /// The last execution that was begun here after others were lost with it.
  private volatile @Nullable UUID suspect;

  private volatile boolean closing;

  /// @param workers executions that run here at once; 0 to take in only
  EngineNode(
      DataSource engine,
      NodeLease lease,
      Journal journal,
      Programs programs,
      Answers answers,
      HistoryDays days,
      Clock clock,
      int workers) {
    this.lease = lease;
    this.journal = journal;
    this.programs = programs;
    this.answers = answers;
    this.clock = clock;
    this.workers = workers;
    this.ready = new ReadySet(workers, run -> Thread.ofVirtual().name("execution").start(run));
    this.strays = new Strays(engine, this::worksOn);
    this.days = days;
    this.beat = new Beat(lease, this);
    this.watch = new Watch(engine, lease, days, clock, this);
    this.dispatch = new Dispatch(engine, lease, ready, strays, workers, this);
    this.unrunnable = new Unrunnable(journal, clock, this::adrift);
  }

  void start() {
    journal.start();
    watch.start();
    beat.start();
    dispatch.start();
  }

  // For those who take executions in.

  /// Whether executions can be taken in: this process works on them.
  @Override
  public boolean joined() {
    return beat.joined() && lease.held();
  }

  int node() {
    return lease.node();
  }

  /// Keeps room for one more of the tenant in this process, if there is some. Behind others of it
  /// that wait in the database none is held: they came before.
  ///
  /// @param chars that its journal holds; to be given back with [#release]
  boolean reserve(TenantId tenant, long chars) {
    return workers > 0 && !dispatch.overtakes(tenant) && ready.reserve(tenant, chars);
  }

  void release(TenantId tenant, long chars) {
    ready.release(tenant, chars);
  }

  /// How many of the tenant wait in the database, about, and here.
  int backlog(TenantId tenant) {
    return dispatch.backlog(tenant) + ready.waiting(tenant);
  }

  /// Of a tenant whose share was looked at lately.
  Slots.@Nullable Share share(TenantId tenant) {
    return dispatch.share(tenant);
  }

  /// An execution of the tenant waits in the database now.
  void left(TenantId tenant) {
    dispatch.left(tenant);
  }

  /// Begins an execution that is not taken in yet, if nothing is in its way and its first step is
  /// quick. What a retry begins with may be another step.
  ///
  /// @return null if it has to be taken in first
  @Nullable Opening open(Program program, Intake intake, boolean known, List<LogLine> lines) {
    if (!program.firstStep().quick() || lines.size() > 1) {
      return null;
    }
    var node = lease.node();
    var opening = new Opening(intake, known, lines);
    var run = new Run(this, program, intake, 1, node, 0, lines, opening);
    if (runs.putIfAbsent(run.execution(), run) != null) {
      return null;
    }
    if (ready.startAtOnce(run)) {
      return opening;
    }
    runs.remove(run.execution(), run);
    return null;
  }

  /// Begins an execution that was taken in for this node.
  void begin(
      Program program,
      Intake intake,
      int leaseEpoch,
      int node,
      long workerUs,
      List<LogLine> lines) {
    var run = new Run(this, program, intake, leaseEpoch, node, workerUs, lines, null);
    // Taken in twice at a time, it is begun once.
    if (runs.compute(run.execution(), (id, known) -> known != null && known.same(run) ? known : run)
        != run) {
      return;
    }
    if (node != lease.node()) {
      // It was declared ended between the commit and now.
      runs.remove(run.execution(), run);
      answers.answered(run.execution(), null);
      return;
    }
    if (ready.add(run)) {
      wake();
    }
  }

  /// The execution was taken away: whatever it does here ends.
  void abort(UUID execution) {
    var run = runs.get(execution);
    if (run != null) {
      abort(run);
    }
  }

  private void abort(Run run) {
    run.abort();
    if (ready.remove(run)) {
      letGo(run);
    }
  }

  private void letGo(Run run) {
    runs.remove(run.execution(), run);
    if (run.takenIn()) {
      answers.answered(run.execution(), null);
    }
  }

  private boolean worksOn(int node, Claims.Held held) {
    var run = runs.get(held.execution());
    return run != null && run.node() == node && run.leaseEpoch() == held.leaseEpoch();
  }

  // Beat.House

  @Override
  public void join() throws SQLException {
    dispatch.join();
  }

  @Override
  public boolean prepared() {
    return days.there();
  }

  /// If it was another node before, that one was ended, and others work on what it had: all of it
  /// is let go.
  @Override
  public void joinedAnew() {
    for (var run : runs.values()) {
      if (run.node() != lease.node()) {
        run.abort();
        ready.remove(run);
        letGo(run);
      }
    }
    wake();
  }

  // Watch.House

  @Override
  public List<Run> runs() {
    return List.copyOf(runs.values());
  }

  @Override
  public void taken(Run run) {
    if (runs.get(run.execution()) == run) {
      abort(run);
    }
  }

  @Override
  public void wake() {
    dispatch.wake();
  }

  // Dispatch.House

  @Override
  public void adrift() {
    strays.suspect();
  }

  @Override
  public boolean holdsSuspect() {
    var last = suspect;
    return last != null && runs.containsKey(last);
  }

  @Override
  public void goOn(int node, Claims.Claimed one, List<LogLine> lines) {
    var intake = one.intake();
    if (one.takeovers() >= TAKEOVERS_MAX) {
      var message =
          TAKEOVERS_MAX
              + " processes were lost while they held the execution, so it is not tried again.";
      log.error("execution has lost too many processes: execution={}", intake.execution());
      unrunnable.fail(node, one, lines, "process_lost", message);
      return;
    }
    try {
      var program =
          programs
              .program(intake.workflow(), intake.version())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "no version " + intake.version() + " of workflow " + intake.workflow()));
      if (one.suspect()) {
        suspect = intake.execution();
      }
      begin(program, intake, one.leaseEpoch(), node, one.workerUs(), lines);
    } catch (DataAccessException | TransactionException e) {
      // The database is away, which is no fault of the execution.
      log.info("execution is set free again: execution={}", intake.execution(), e);
      adrift();
    } catch (RuntimeException e) {
      log.error("execution cannot be gone on with: execution={}", intake.execution(), e);
      var message = "Its version of the workflow cannot be run any more.";
      unrunnable.fail(node, one, lines, "internal", message);
    }
  }

  // Run.House

  @Override
  public Instant now() {
    return clock.instant();
  }

  @Override
  public JournalEntry.Outcome write(JournalEntry entry, int node) {
    return journal.write(entry, node);
  }

  @Override
  public void awaitLease(int node) throws InterruptedException, Run.LostException {
    while (true) {
      if (lease.node() != node) {
        throw new Run.LostException();
      }
      if (lease.held()) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  @Override
  public boolean leaving() {
    return closing;
  }

  @Override
  public boolean grown(Run run, long more) {
    return ready.grown(run, more);
  }

  @Override
  public void answered(UUID execution, Answer answer) {
    answers.answered(execution, answer);
  }

  @Override
  public void done(Run run, @Nullable ExecutionStatus status, long workerUs, long guessedUs) {
    runs.remove(run.execution(), run);
    // What was not taken in by this run may be by another, which answers then.
    if (status != ExecutionStatus.WAITING && run.takenIn()) {
      answers.answered(run.execution(), null);
    }
    ready.done(run, workerUs, guessedUs);
    dispatch.done(run.tenant());
  }

  @Override
  public void adrift(Run run) {
    adrift();
  }

  /// Lets steps that are under way come to their end for a while, and sets free what this process
  /// holds.
  @Override
  public void close() {
    closing = true;
    beat.leave();
    watch.leave();
    dispatch.leave();
    ready.clear().forEach(run -> runs.remove(run.execution(), run));
    var deadlineNs = System.nanoTime() + DRAIN_MAX.toNanos();
    while (!runs.isEmpty() && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    runs.values().forEach(Run::abort);
    try {
      beat.end();
      watch.end();
      dispatch.end();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    journal.close();
    try {
      lease.leave();
    } catch (SQLException | RuntimeException e) {
      log.info("lease could not be given back, it will expire: cause={}", e.toString());
    }
  }
}
