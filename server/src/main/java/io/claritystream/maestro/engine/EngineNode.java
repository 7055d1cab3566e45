package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.action.Answer;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/// This process's part of the work on executions.
///
/// | thread | does |
/// |---|---|
/// | beat | keeps the lease, ends nodes that did not, lets go of what was taken away |
/// | dispatch | shares out slots, claims what waits in the database |
/// | journal | commits groups of entries |
/// | one for each run | goes from step to step |
final class EngineNode implements Run.House, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EngineNode.class);

  private static final Duration BEAT_EVERY = Duration.ofMillis(500);
  private static final Duration DISPATCH_EVERY = Duration.ofMillis(100);
  private static final Duration SHARE_EVERY = Duration.ofMillis(500);
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(2);
  private static final Duration COUNT_EVERY = Duration.ofSeconds(1);
  private static final Duration IDLE_MAX = Duration.ofSeconds(5);
  private static final int CLAIM_MAX = 400;
  private static final int SHARED_AT_ONCE = 100;
  private static final int COUNTED_MAX = 2_000_000;
  private static final Duration DRAIN_MAX = Duration.ofMillis(1_500);
  private static final Duration STOP_MAX = Duration.ofSeconds(3);

  private final DataSource engine;
  private final NodeLease lease;
  private final Journal journal;
  private final Programs programs;
  private final Answers answers;
  private final HistoryDays days;
  private final Clock clock;
  private final int workers;
  private final ReadySet ready;
  private final ConcurrentMap<UUID, Run> runs = new ConcurrentHashMap<>();
  private final Semaphore wake = new Semaphore(0);

  /// What tenants have waiting in the database, as last counted, and what was added since.
  private final ConcurrentMap<TenantId, Claims.Backlog> backlogs = new ConcurrentHashMap<>();

  private final ConcurrentMap<TenantId, Slots.Share> shares = new ConcurrentHashMap<>();

  // Used by the dispatching thread alone.
  private final Map<TenantId, Claims.Mark> marks = new HashMap<>();
  private volatile List<TenantId> waiting = List.of();
  private long sharedNs;
  private long sweptNs = System.nanoTime();
  private long countedNs;
  private final Strays strays;

  /// Held while slots are used that were asked for under this node's id, and while it changes.
  private final Object membership = new Object();

  private volatile boolean joined;
  private volatile boolean closing;
  private @Nullable Thread beat;
  private @Nullable Thread dispatch;

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
    this.engine = engine;
    this.lease = lease;
    this.journal = journal;
    this.programs = programs;
    this.answers = answers;
    this.days = days;
    this.clock = clock;
    this.workers = workers;
    this.strays = new Strays(engine, this::worksOn);
    this.ready = new ReadySet(workers, run -> Thread.ofVirtual().name("execution").start(run));
  }

  void start() {
    journal.start();
    beat = Thread.ofPlatform().daemon().name("maestro-beat").start(this::beatAll);
    dispatch = Thread.ofPlatform().daemon().name("maestro-dispatch").start(this::dispatchAll);
  }

  // For those who take executions in.

  /// Whether executions can be taken in: this process works on them.
  boolean joined() {
    return joined;
  }

  int node() {
    return lease.node();
  }

  /// Whether this process may hold one more of the tenant at once. Behind others of it that wait in
  /// the database none is held: they came before.
  boolean mayHold(TenantId tenant) {
    var backlog = backlogs.get(tenant);
    return workers > 0 && (backlog == null || backlog.due() == 0) && ready.hasRoom(tenant);
  }

  /// How many of the tenant wait in the database, about, and here.
  int backlog(TenantId tenant) {
    var backlog = backlogs.get(tenant);
    return (backlog == null ? 0 : backlog.waiting()) + ready.waiting(tenant);
  }

  /// Of a tenant whose share was looked at lately.
  Slots.@Nullable Share share(TenantId tenant) {
    return shares.get(tenant);
  }

  /// An execution of the tenant waits in the database now.
  void left(TenantId tenant) {
    backlogs.merge(
        tenant,
        new Claims.Backlog(1, 1),
        (counted, one) -> new Claims.Backlog(counted.waiting() + 1, counted.due() + 1));
    wake();
  }

  /// Begins an execution that was taken in for this node.
  void begin(
      Program program,
      Intake intake,
      int leaseEpoch,
      int node,
      long workerUs,
      List<LogLine> lines) {
    var run = new Run(this, program, intake, leaseEpoch, node, workerUs, lines);
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
      runs.remove(run.execution(), run);
      answers.answered(run.execution(), null);
    }
  }

  private boolean worksOn(int node, Claims.Held held) {
    var run = runs.get(held.execution());
    return run != null && run.node() == node && run.leaseEpoch() == held.leaseEpoch();
  }

  /// The database may say that this process holds executions of which it knows nothing.
  void adrift() {
    strays.suspect();
  }

  void wake() {
    if (wake.availablePermits() == 0) {
      wake.release();
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
  public void answered(UUID execution, Answer answer) {
    answers.answered(execution, answer);
  }

  @Override
  public void done(Run run, @Nullable ExecutionStatus status, long workerUs, long guessedUs) {
    runs.remove(run.execution(), run);
    if (status != ExecutionStatus.WAITING) {
      answers.answered(run.execution(), null);
    }
    ready.done(run, workerUs, guessedUs);
    if (waiting.contains(run.tenant()) && ready.free(run.tenant()) > 0) {
      wake();
    }
  }

  @Override
  public void adrift(Run run) {
    adrift();
  }

  // The beat.

  private void beatAll() {
    var failed = false;
    while (!closing) {
      try {
        if (!joined) {
          days.ensure(now());
          if (closing) {
            return;
          }
          join();
        } else if (!lease.beat()) {
          log.warn("this node was ended by another, joining anew: node={}", lease.node());
          joined = false;
          join();
        } else {
          days.ensure(now());
          if (lease.endExpired() > 0) {
            wake();
          }
          abortTaken();
        }
        failed = false;
      } catch (SQLException | RuntimeException | Error e) {
        if (!failed) {
          log.warn("lease could not be kept, trying again: cause={}", e.toString());
        }
        failed = true;
      }
      LockSupport.parkNanos(BEAT_EVERY.toNanos());
    }
  }

  /// Joins as a new node. If it was another before, that one was ended, and others work on what it
  /// had: all of it is let go.
  private void join() throws SQLException {
    synchronized (membership) {
      ready.clear();
      shares.clear();
      lease.join();
    }
    for (var run : runs.values()) {
      if (run.node() != lease.node()) {
        run.abort();
        ready.remove(run);
        runs.remove(run.execution(), run);
        answers.answered(run.execution(), null);
      }
    }
    joined = true;
    wake();
  }

  private static final String TAKEN =
      """
      SELECT r.execution_id
      FROM unnest(?::uuid[], ?::int[]) AS r (execution_id, lease_epoch)
      WHERE NOT EXISTS (SELECT FROM maestro.execution_open o
        WHERE o.execution_id = r.execution_id AND o.lease_epoch = r.lease_epoch)
      """;

  /// Whatever was canceled by another process ends here.
  private void abortTaken() throws SQLException {
    var before = clock.instant().minus(BEAT_EVERY);
    var looked =
        runs.values().stream()
            .filter(run -> ExecutionIds.time(run.execution()).isBefore(before))
            .limit(10_000)
            .toList();
    if (looked.isEmpty()) {
      return;
    }
    var taken = new HashSet<UUID>();
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(TAKEN)) {
      new Arrays(connection, statement).uuids(looked, Run::execution).ints(looked, Run::leaseEpoch);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          taken.add(rows.getObject(1, UUID.class));
        }
      }
    }
    for (var run : looked) {
      if (taken.contains(run.execution()) && runs.get(run.execution()) == run) {
        abort(run);
      }
    }
  }

  // Dispatching.

  private void dispatchAll() {
    var failed = false;
    while (!closing) {
      try {
        if (wake.tryAcquire(DISPATCH_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          wake.drainPermits();
        }
        if (joined) {
          dispatch();
        }
        failed = false;
      } catch (InterruptedException e) {
        return;
      } catch (SQLException | RuntimeException | Error e) {
        if (!failed) {
          log.warn("executions could not be claimed, trying again: cause={}", e.toString());
        }
        failed = true;
      }
    }
  }

  private void dispatch() throws SQLException {
    var node = lease.node();
    try (var connection = engine.getConnection()) {
      waiting = Claims.waiting(connection);
    }
    count();
    if (workers == 0) {
      plans();
      return;
    }
    strays.setFree(node);
    share(node);
    var nowNs = System.nanoTime();
    if (nowNs - sweptNs > SWEEP_EVERY.toNanos()) {
      // What was set free again, and what was committed late, lies below the marks.
      marks.clear();
      sweptNs = nowNs;
    }
    // Not always the same first.
    var tenants = new ArrayList<>(waiting);
    Collections.shuffle(tenants);
    for (var tenant : tenants) {
      try {
        claim(node, tenant);
      } catch (SQLException | RuntimeException e) {
        // The claim may be durable, though its answer is lost; and one tenant's keeps no other
        // back.
        adrift();
        log.warn(
            "executions of a tenant could not be claimed: tenant={} cause={}",
            tenant,
            e.toString());
      }
    }
  }

  private void count() throws SQLException {
    var nowNs = System.nanoTime();
    if (nowNs - countedNs < COUNT_EVERY.toNanos()) {
      backlogs
          .entrySet()
          .removeIf(of -> !waiting.contains(of.getKey()) && of.getValue().waiting() == 0);
      return;
    }
    countedNs = nowNs;
    backlogs.keySet().retainAll(waiting);
    if (!waiting.isEmpty()) {
      try (var connection = engine.getConnection()) {
        backlogs.putAll(Claims.backlog(connection, waiting, COUNTED_MAX));
      }
    }
  }

  /// Asks for slots where some are lacking, and looks at all shares now and then.
  private void share(int node) throws SQLException {
    var nowNs = System.nanoTime();
    var all = nowNs - sharedNs > SHARE_EVERY.toNanos();
    var needs = new ArrayList<Slots.Need>();
    var known = new HashSet<TenantId>();
    for (var demand : ready.demands()) {
      known.add(demand.tenant());
      var wants =
          demand.running() + demand.ready() + (waiting.contains(demand.tenant()) ? CLAIM_MAX : 0);
      if (all || wants > demand.slots()) {
        var idle = wants == 0 && demand.idleNs() < IDLE_MAX.toNanos() && demand.slots() > 0;
        needs.add(new Slots.Need(demand.tenant(), demand.running(), idle ? 1 : wants));
      }
    }
    for (var tenant : waiting) {
      if (known.add(tenant)) {
        needs.add(new Slots.Need(tenant, 0, CLAIM_MAX));
      }
    }
    if (all) {
      sharedNs = nowNs;
    }
    if (needs.isEmpty()) {
      return;
    }
    // Each tenant is a lock of the database, of which it has some thousand.
    for (var from = 0; from < needs.size(); from += SHARED_AT_ONCE) {
      share(node, needs.subList(from, Math.min(needs.size(), from + SHARED_AT_ONCE)));
    }
  }

  private void share(int node, List<Slots.Need> needs) throws SQLException {
    try (var connection = engine.getConnection()) {
      var given = Slots.share(connection, node, needs, ready::giveUp);
      synchronized (membership) {
        if (node == lease.node()) {
          given.forEach(this::use);
        }
      }
    }
  }

  private void use(Slots.Share share) {
    shares.put(share.tenant(), share);
    ready.slots(share.tenant(), share.slots());
    if (share.slots() == 0 && share.wanted() == 0) {
      shares.remove(share.tenant());
    }
  }

  /// How many may wait, for a process that runs none.
  private void plans() throws SQLException {
    shares.keySet().retainAll(waiting);
    var unknown = waiting.stream().filter(tenant -> !shares.containsKey(tenant)).toList();
    if (!unknown.isEmpty()) {
      try (var connection = engine.getConnection()) {
        Slots.plans(connection, unknown).forEach(plan -> shares.put(plan.tenant(), plan));
      }
    }
  }

  private void claim(int node, TenantId tenant) throws SQLException {
    var share = shares.get(tenant);
    if (share == null) {
      return;
    }
    // As many again as may run stand ready, so that none waits for the next look.
    var room = Math.min(CLAIM_MAX, ready.free(tenant) + Math.min(share.slots(), CLAIM_MAX / 2));
    room = Math.min(room, ready.room(tenant));
    if (room <= 0 || ready.free(tenant) == 0) {
      return;
    }
    List<Claims.Claimed> claimed;
    Map<UUID, List<LogLine>> lines;
    try (var connection = engine.getConnection()) {
      claimed =
          Claims.claim(
              connection, node, tenant, marks.getOrDefault(tenant, Claims.Mark.START), room);
      lines =
          claimed.isEmpty()
              ? Map.of()
              : Claims.lines(
                  connection, claimed.stream().map(one -> one.intake().execution()).toList());
    }
    for (var one : claimed) {
      var mark = new Claims.Mark(one.readyAt(), one.intake().execution());
      marks.merge(tenant, mark, (a, b) -> a.readyAt().isAfter(b.readyAt()) ? a : b);
      go(node, one, lines.getOrDefault(one.intake().execution(), List.of()));
    }
    if (claimed.size() == room) {
      wake();
    }
  }

  private void go(int node, Claims.Claimed one, List<LogLine> lines) {
    var intake = one.intake();
    try {
      var program =
          programs
              .program(intake.workflow(), intake.version())
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "no version " + intake.version() + " of workflow " + intake.workflow()));
      begin(program, intake, one.leaseEpoch(), node, one.workerUs(), lines);
    } catch (DataAccessException | TransactionException e) {
      // The database is away, which is no fault of the execution.
      log.info("execution is set free again: execution={}", intake.execution(), e);
      adrift();
    } catch (RuntimeException e) {
      log.error("execution cannot be gone on with: execution={}", intake.execution(), e);
      var message = "Its version of the workflow cannot be run any more.";
      journal.give(
          new JournalEntry.End(
              intake.ref(),
              one.leaseEpoch(),
              List.of(),
              ExecutionStatus.FAILED,
              now(),
              "internal",
              null,
              message,
              0,
              one.workerUs()),
          node);
    }
  }

  /// Lets steps that are under way come to their end for a while, and sets free what this process
  /// holds.
  @Override
  public void close() {
    closing = true;
    joined = false;
    wake();
    ready.clear().forEach(run -> runs.remove(run.execution(), run));
    var deadlineNs = System.nanoTime() + DRAIN_MAX.toNanos();
    while (!runs.isEmpty() && System.nanoTime() - deadlineNs < 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    runs.values().forEach(Run::abort);
    try {
      for (var thread : new Thread[] {beat, dispatch}) {
        if (thread != null) {
          LockSupport.unpark(thread);
          thread.join(STOP_MAX);
        }
      }
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
