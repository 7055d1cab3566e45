package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The executions that this process holds and has not begun, and whose turn it is.
///
/// Whose tenant has had the least worker time goes first: time is reckoned before, from what the
/// tenant's executions took lately, and put right after. A tenant that comes back from idleness
/// begins beside the least one, with no credit for having been away. Of one tenant they go in the
/// order in which they came.
///
/// A tenant has as many running at once as it has slots here, and the process as many as it has
/// workers; and no more than the heap has room for ([Weight]), of which a tenant has its part.
final class ReadySet {

  /// Of one tenant; more is left to the database.
  static final int READY_OF_TENANT_MAX = 1_000;

  /// What the journals of all that are ready may hold together, in characters.
  static final long CHARS_MAX = 32L * 1024 * 1024;

  /// Of one tenant, so that one with large answers leaves room to others.
  static final long CHARS_OF_TENANT_MAX = CHARS_MAX / 4;

  /// What running ones may weigh together: a part of the heap.
  static final long WEIGHT_MAX = Math.max(64L * 1024 * 1024, Runtime.getRuntime().maxMemory() / 4);

  /// Those of one tenant, unless it is only one.
  static final long WEIGHT_OF_TENANT_MAX = WEIGHT_MAX / 4;

  private static final double GUESS_OF_NEW_US = 1_000;

  private final int workers;
  private final Consumer<Run> starter;
  private final Map<TenantId, Turn> turns = new HashMap<>();
  private final TreeSet<Turn> eligible =
      new TreeSet<>(
          Comparator.<Turn>comparingDouble(turn -> turn.hadUs)
              .thenComparing(turn -> turn.tenant.value()));
  private int running;
  private double leastUs;
  private long chars;
  private long weight;

  /// One tenant's.
  private static final class Turn {
    private final TenantId tenant;
    private final Deque<Run> ready = new ArrayDeque<>();
    private int running;
    private int slots;
    private int reserved;
    private long chars;
    private long weight;
    private double hadUs;
    private double guessUs = GUESS_OF_NEW_US;
    private long idleSinceNs = System.nanoTime();

    private Turn(TenantId tenant) {
      this.tenant = tenant;
    }

    private boolean mayRun() {
      return running < slots && !ready.isEmpty();
    }

    private int demand() {
      return running + ready.size();
    }
  }

  /// What a tenant has here, and needs.
  record Demand(TenantId tenant, int running, int ready, int slots, long idleNs) {}

  /// @param starter begins a run on a thread of its own, and does not wait
  ReadySet(int workers, Consumer<Run> starter) {
    this.workers = workers;
    this.starter = starter;
  }

  /// Keeps room for one more of the tenant, if there is some.
  ///
  /// @param chars that it holds; to be given back with [#release]
  synchronized boolean reserve(TenantId tenant, long chars) {
    if (room(tenant) <= 0 || chars > charsRoom(tenant) && !wouldBegin(tenant)) {
      return false;
    }
    var turn = turn(tenant);
    turn.reserved++;
    hold(turn, chars);
    return true;
  }

  /// Gives back room that was kept: the one that it was for stands here now, or comes no more.
  synchronized void release(TenantId tenant, long chars) {
    var turn = turn(tenant);
    turn.reserved--;
    hold(turn, -chars);
  }

  private void hold(Turn turn, long more) {
    turn.chars += more;
    chars += more;
  }

  /// How many more of the tenant may be held here.
  synchronized int room(TenantId tenant) {
    var turn = turns.get(tenant);
    return turn == null
        ? READY_OF_TENANT_MAX
        : READY_OF_TENANT_MAX - turn.ready.size() - turn.reserved;
  }

  /// How much more the journals of those of the tenant that are held here may hold. Whatever one
  /// holds that would begin at once, there is room for it.
  synchronized long charsRoom(TenantId tenant) {
    var turn = turns.get(tenant);
    var left =
        Math.min(
            CHARS_MAX - chars,
            turn == null ? CHARS_OF_TENANT_MAX : CHARS_OF_TENANT_MAX - turn.chars);
    return left <= 0 && wouldBegin(tenant) ? 1 : Math.max(0, left);
  }

  private boolean wouldBegin(TenantId tenant) {
    var turn = turns.get(tenant);
    return turn != null
        && running < workers
        && turn.ready.isEmpty()
        && turn.reserved == 0
        && turn.running < turn.slots;
  }

  /// How many of the tenant wait here for their turn.
  synchronized int waiting(TenantId tenant) {
    var turn = turns.get(tenant);
    return turn == null ? 0 : turn.ready.size();
  }

  /// How many more of the tenant could run at once, beyond those that are ready.
  synchronized int free(TenantId tenant) {
    var turn = turns.get(tenant);
    return turn == null ? 0 : Math.max(0, turn.slots - turn.demand());
  }

  /// @return whether the tenant lacks slots for it
  boolean add(Run run) {
    boolean lacks;
    synchronized (this) {
      var turn = turn(run.tenant());
      var was = eligible.remove(turn);
      turn.ready.add(run);
      hold(turn, run.chars());
      if (was || turn.mayRun()) {
        eligible.add(turn);
      }
      lacks = turn.demand() > turn.slots;
    }
    startThoseWhoseTurnItIs();
    return lacks;
  }

  /// Begins a run at once if nothing is before it: none of its tenant waits here, and it has a slot
  /// and a worker.
  boolean startAtOnce(Run run) {
    synchronized (this) {
      var turn = turns.get(run.tenant());
      if (turn == null
          || !turn.ready.isEmpty()
          || turn.running >= turn.slots
          || running >= workers
          || !fits(turn, run)) {
        return false;
      }
      begin(turn, run);
    }
    starter.accept(run);
    return true;
  }

  /// A run has ended or let go.
  void done(Run run, long workerUs, long guessedUs) {
    synchronized (this) {
      running--;
      var turn = turn(run.tenant());
      turn.weight -= run.held();
      weight -= run.held();
      eligible.remove(turn);
      turn.running--;
      turn.hadUs += workerUs - guessedUs;
      turn.guessUs += (workerUs - turn.guessUs) / 16;
      if (turn.demand() == 0) {
        turn.idleSinceNs = System.nanoTime();
      }
      if (turn.mayRun()) {
        eligible.add(turn);
      }
    }
    startThoseWhoseTurnItIs();
  }

  /// Says how many of a tenant may run at once here.
  void slots(TenantId tenant, int slots) {
    synchronized (this) {
      var turn = turn(tenant);
      eligible.remove(turn);
      turn.slots = slots;
      if (turn.mayRun()) {
        eligible.add(turn);
      }
      if (slots == 0 && turn.demand() == 0 && turn.reserved == 0) {
        turns.remove(tenant);
      }
    }
    startThoseWhoseTurnItIs();
  }

  /// Gives slots of a tenant up, as far as what runs here leaves them free. Nothing more begins on
  /// them from then on, so they can be another process's.
  ///
  /// @return how many it keeps
  synchronized int giveUp(TenantId tenant, int slots) {
    var turn = turns.get(tenant);
    if (turn == null) {
      return slots;
    }
    var kept = Math.max(slots, turn.running);
    if (kept < turn.slots) {
      eligible.remove(turn);
      turn.slots = kept;
      if (turn.mayRun()) {
        eligible.add(turn);
      }
    }
    return kept;
  }

  synchronized List<Demand> demands() {
    var nowNs = System.nanoTime();
    var demands = new ArrayList<Demand>(turns.size());
    for (var turn : turns.values()) {
      demands.add(
          new Demand(
              turn.tenant,
              turn.running,
              turn.ready.size(),
              turn.slots,
              turn.demand() > 0 ? 0 : nowNs - turn.idleSinceNs));
    }
    return demands;
  }

  /// Forgets all that have not begun, and all slots: they are another node's now.
  synchronized List<Run> clear() {
    var left = new ArrayList<Run>();
    eligible.clear();
    for (var turn : turns.values()) {
      left.addAll(turn.ready);
      turn.ready.forEach(run -> hold(turn, -run.chars()));
      turn.ready.clear();
      turn.slots = 0;
    }
    return left;
  }

  /// Takes out one that has not begun.
  synchronized boolean remove(Run run) {
    var turn = turns.get(run.tenant());
    if (turn == null) {
      return false;
    }
    eligible.remove(turn);
    var removed = turn.ready.remove(run);
    if (removed) {
      hold(turn, -run.chars());
    }
    if (turn.mayRun()) {
      eligible.add(turn);
    }
    return removed;
  }

  private Turn turn(TenantId tenant) {
    return turns.computeIfAbsent(
        tenant,
        key -> {
          var turn = new Turn(key);
          turn.hadUs = leastUs;
          return turn;
        });
  }

  private void startThoseWhoseTurnItIs() {
    for (Run run; (run = next()) != null; ) {
      starter.accept(run);
    }
  }

  private synchronized @Nullable Run next() {
    if (running >= workers) {
      return null;
    }
    var turn = firstThatFits();
    if (turn == null) {
      return null;
    }
    eligible.remove(turn);
    var run = turn.ready.remove();
    hold(turn, -run.chars());
    begin(turn, run);
    if (turn.mayRun()) {
      eligible.add(turn);
    }
    return run;
  }

  private @Nullable Turn firstThatFits() {
    for (var turn : eligible) {
      if (fits(turn, turn.ready.element())) {
        return turn;
      }
    }
    return null;
  }

  private void begin(Turn turn, Run run) {
    if (turn.running == 0 && turn.hadUs < leastUs) {
      turn.hadUs = leastUs;
    }
    leastUs = Math.max(leastUs, turn.hadUs);
    run.guessed((long) turn.guessUs);
    turn.hadUs += turn.guessUs;
    turn.running++;
    running++;
    run.holds(run.weight());
    turn.weight += run.weight();
    weight += run.weight();
  }

  /// A process that runs nothing has room for any.
  private boolean fits(Turn turn, Run run) {
    return running == 0
        || weight + run.weight() <= WEIGHT_MAX
            && (turn.running == 0 || turn.weight + run.weight() <= WEIGHT_OF_TENANT_MAX);
  }

  /// A running one holds more.
  ///
  /// @return whether there is room for it; if not, it is to let go as soon as it can
  synchronized boolean grown(Run run, long more) {
    var turn = turn(run.tenant());
    run.holds(run.held() + more);
    turn.weight += more;
    weight += more;
    return weight <= WEIGHT_MAX && (turn.running == 1 || turn.weight <= WEIGHT_OF_TENANT_MAX);
  }
}
