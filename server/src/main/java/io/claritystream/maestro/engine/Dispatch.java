package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.process.LastResort;
import java.sql.SQLException;
import java.time.Duration;
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
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Shares out slots and claims what waits in the database, on a thread of its own; and knows,
/// about, what waits there.
final class Dispatch {
  private static final Logger log = LoggerFactory.getLogger(Dispatch.class);

  private static final Duration EVERY = Duration.ofMillis(100);
  private static final Duration SHARE_EVERY = Duration.ofMillis(500);
  private static final Duration SWEEP_EVERY = Duration.ofSeconds(2);
  private static final Duration COUNT_EVERY = Duration.ofSeconds(1);
  private static final Duration IDLE_MAX = Duration.ofSeconds(5);
  private static final Duration STOP_MAX = Duration.ofSeconds(3);
  private static final int CLAIM_MAX = 400;

  /// Of journals, which are read at once.
  private static final long CLAIM_CHARS_MAX = 16L * 1024 * 1024;

  private static final int SHARED_AT_ONCE = 100;
  private static final int COUNTED_MAX = 2_000_000;

  /// What dispatching says to its process.
  interface House {
    /// Whether this process is a node.
    boolean joined();

    /// Whether this process works on an execution with which others were lost.
    boolean holdsSuspect();

    /// Goes on with what was claimed.
    void goOn(int node, Claims.Claimed claimed, List<LogLine> lines);

    /// The database may say that this process holds executions of which it knows nothing.
    void adrift();
  }

  private final DataSource engine;
  private final NodeLease lease;
  private final ReadySet ready;
  private final Strays strays;
  private final int workers;
  private final House house;
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

  /// Held while slots are used that were asked for under this node's id, and while it changes.
  private final Object membership = new Object();

  private volatile boolean closing;
  private @Nullable Thread thread;

  /// @param workers executions that run here at once; 0 to take in only
  Dispatch(
      DataSource engine, NodeLease lease, ReadySet ready, Strays strays, int workers, House house) {
    this.engine = engine;
    this.lease = lease;
    this.ready = ready;
    this.strays = strays;
    this.workers = workers;
    this.house = house;
  }

  void start() {
    thread = Thread.ofPlatform().daemon().name("maestro-dispatch").start(this::dispatchAll);
  }

  /// Whether one more of the tenant would come before others of it that wait in the database.
  boolean overtakes(TenantId tenant) {
    var backlog = backlogs.get(tenant);
    return backlog != null && backlog.due() > 0;
  }

  /// How many of the tenant wait in the database, about.
  int backlog(TenantId tenant) {
    var backlog = backlogs.get(tenant);
    return backlog == null ? 0 : backlog.waiting();
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

  void wake() {
    if (wake.availablePermits() == 0) {
      wake.release();
    }
  }

  /// One of the tenant has ended or waits: there may be room for another.
  void done(TenantId tenant) {
    if (waiting.contains(tenant) && ready.free(tenant) > 0) {
      wake();
    }
  }

  /// Joins as a new node; slots that were asked for under the old id are not used.
  void join() throws SQLException {
    synchronized (membership) {
      ready.clear();
      shares.clear();
      lease.join();
    }
  }

  private void dispatchAll() {
    var failed = false;
    while (!closing) {
      try {
        if (wake.tryAcquire(EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          wake.drainPermits();
        }
        if (house.joined()) {
          dispatch();
        }
        failed = false;
      } catch (InterruptedException e) {
        return;
      } catch (SQLException | RuntimeException | Error e) {
        LastResort.endUnlessPassing(e);
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
        house.adrift();
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
    var charsRoom = Math.min(CLAIM_CHARS_MAX, ready.charsRoom(tenant));
    if (room <= 0 || charsRoom <= 0 || ready.free(tenant) == 0) {
      return;
    }
    List<Claims.Claimed> claimed;
    Map<UUID, List<LogLine>> lines;
    try (var connection = engine.getConnection()) {
      claimed =
          Claims.claim(
              connection,
              node,
              tenant,
              marks.getOrDefault(tenant, Claims.Mark.START),
              room,
              charsRoom,
              !house.holdsSuspect());
      lines =
          claimed.isEmpty()
              ? Map.of()
              : Claims.lines(
                  connection, claimed.stream().map(one -> one.intake().execution()).toList());
    }
    var chars = 0L;
    for (var one : claimed) {
      var mark = new Claims.Mark(one.readyAt(), one.intake().execution());
      marks.merge(tenant, mark, (a, b) -> a.readyAt().isAfter(b.readyAt()) ? a : b);
      var did = lines.getOrDefault(one.intake().execution(), List.of());
      chars += LogLine.chars(did);
      house.goOn(node, one, did);
    }
    if (claimed.size() == room || chars > charsRoom / 2) {
      wake();
    }
  }

  void leave() {
    closing = true;
    wake();
  }

  /// Waits for the claim at hand.
  void end() throws InterruptedException {
    var running = thread;
    if (running != null) {
      running.join(STOP_MAX);
    }
  }
}
