package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.claritystream.base.db.TenantId;
import io.claritystream.maestro.definition.WorkflowDocument;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReadySetTests {
  private static final int WORKERS = 7;
  private static final Program NOTHING =
      TestRuns.program(
          WorkflowDocument.empty("Nothing"),
          (key, before) -> {
            throw new AssertionError();
          });
  private static final List<TenantId> TENANTS = List.of(tenant(), tenant(), tenant(), tenant());

  private static TenantId tenant() {
    return new TenantId(UUID.randomUUID());
  }

  /// A set, and what it has begun.
  private static final class Process {
    private final List<Run> running = new ArrayList<>();
    private final Map<TenantId, Deque<Run>> waiting = new HashMap<>();
    private final Map<TenantId, Integer> slots = new HashMap<>();
    private final ReadySet ready = new ReadySet(WORKERS, this::begun);
    private @Nullable Run atOnce;

    private void begun(Run run) {
      if (run == atOnce) {
        assertThat(waiting.getOrDefault(run.tenant(), new ArrayDeque<>()))
            .as("begun at once, nothing of its tenant waits")
            .isEmpty();
      } else {
        assertThat(waiting.get(run.tenant()).poll())
            .as("of one tenant they go in their order")
            .isSameAs(run);
      }
      running.add(run);
      assertThat(running).as("workers").hasSizeLessThanOrEqualTo(WORKERS);
      assertThat(running.stream().filter(each -> each.tenant().equals(run.tenant())).count())
          .as("slots")
          .isLessThanOrEqualTo(slots.getOrDefault(run.tenant(), 0));
    }

    private static Run run(TenantId tenant) {
      return new Run(
          new TestRuns.Memory(List.of(), 0),
          NOTHING,
          TestRuns.intake(tenant),
          1,
          1,
          0,
          List.of(),
          null);
    }

    /// Begins at once whatever may, and leaves alone what may not.
    private void startAtOnce(TenantId tenant) {
      var ofTenant = running.stream().filter(run -> run.tenant().equals(tenant)).count();
      var mayRun =
          waiting.getOrDefault(tenant, new ArrayDeque<>()).isEmpty()
              && ofTenant < slots.getOrDefault(tenant, 0)
              && running.size() < WORKERS;
      var run = run(tenant);
      atOnce = run;
      assertThat(ready.startAtOnce(run)).isEqualTo(mayRun);
      assertThat(running.contains(run)).isEqualTo(mayRun);
      atOnce = null;
    }

    private void add(TenantId tenant) {
      var run = run(tenant);
      waiting.computeIfAbsent(tenant, key -> new ArrayDeque<>()).add(run);
      ready.add(run);
    }

    private void slots(TenantId tenant, int count) {
      slots.put(tenant, count);
      ready.slots(tenant, count);
    }

    private void done(int which, long workerUs) {
      var run = running.remove(which);
      ready.done(run, workerUs, run.guessedUs());
    }
  }

  @Property(tries = 300)
  void whatever_comes_slots_workers_and_order_hold_and_all_run_in_the_end(
      @ForAll List<Integer> acts) {
    var process = new Process();
    TENANTS.forEach(tenant -> process.slots(tenant, 3));
    for (var act : acts) {
      var number = act & 0x7fff_ffff;
      var tenant = TENANTS.get(number % TENANTS.size());
      switch (number / 4 % 6) {
        case 0, 1 -> process.add(tenant);
        case 2 -> process.slots(tenant, number / 20 % 6);
        case 3 -> {
          if (!process.running.isEmpty()) {
            process.done(number / 20 % process.running.size(), number / 20 % 50_000);
          }
        }
        case 4 -> process.startAtOnce(tenant);
        default -> {
          var kept = process.ready.giveUp(tenant, number / 20 % 4);
          process.slots.merge(tenant, kept, Math::min);
        }
      }
    }
    TENANTS.forEach(tenant -> process.slots(tenant, 2));
    while (!process.running.isEmpty()) {
      process.done(0, 1_000);
    }
    assertThat(process.waiting.values()).allMatch(Deque::isEmpty);
  }

  @Test
  void tenants_that_always_have_work_get_the_same_worker_time_however_long_each_run_takes() {
    var process = new Process();
    var cost = Map.of(TENANTS.get(0), 100_000L, TENANTS.get(1), 1_000L, TENANTS.get(2), 10_000L);
    cost.keySet().forEach(tenant -> process.slots(tenant, WORKERS));
    var had = new HashMap<TenantId, Long>();
    cost.keySet().forEach(tenant -> process.add(tenant));
    for (var i = 0; i < 20_000; i++) {
      for (var tenant : cost.keySet()) {
        if (process.waiting.get(tenant).size() < 20) {
          process.add(tenant);
        }
      }
      var run = process.running.getFirst();
      process.running.removeFirst();
      had.merge(run.tenant(), cost.get(run.tenant()), Long::sum);
      process.ready.done(run, cost.get(run.tenant()), run.guessedUs());
    }
    var most = had.values().stream().mapToLong(Long::longValue).max().orElseThrow();
    var least = had.values().stream().mapToLong(Long::longValue).min().orElseThrow();
    assertThat(most - least).as("%s", had).isLessThan(most / 20);
  }

  @Test
  void room_that_was_kept_is_nobody_elses_until_it_is_given_back() {
    var ready = new Process().ready;
    var tenant = TENANTS.get(0);
    for (var i = 0; i < ReadySet.READY_OF_TENANT_MAX; i++) {
      assertThat(ready.reserve(tenant, 1)).isTrue();
    }
    assertThat(ready.reserve(tenant, 1)).isFalse();
    assertThat(ready.room(tenant)).isZero();
    ready.release(tenant, 1);
    assertThat(ready.reserve(tenant, 1)).isTrue();
  }

  @Test
  void a_tenant_has_its_part_of_the_memory_and_all_together_have_no_more_than_there_is() {
    var process = new Process();
    var ready = process.ready;
    var quarter = ReadySet.CHARS_OF_TENANT_MAX;
    for (var tenant : TENANTS) {
      assertThat(ready.reserve(tenant, quarter - 1)).isTrue();
      assertThat(ready.reserve(tenant, 2)).as("beyond its part").isFalse();
      assertThat(ready.reserve(tenant, 1)).isTrue();
      assertThat(ready.charsRoom(tenant)).isZero();
    }
    var other = tenant();
    assertThat(ready.reserve(other, 1)).as("there is no more").isFalse();
    process.slots(other, 1);
    assertThat(ready.charsRoom(other)).as("one that begins at once stands nowhere").isEqualTo(1);
    assertThat(ready.reserve(other, quarter)).isTrue();
    assertThat(ready.reserve(other, 1)).isFalse();
  }

  @Test
  void who_comes_back_from_idleness_has_no_credit_and_no_debt() {
    var process = new Process();
    var busy = TENANTS.get(0);
    var idle = TENANTS.get(1);
    process.slots(busy, WORKERS);
    process.slots(idle, WORKERS);
    for (var i = 0; i < 500; i++) {
      process.add(busy);
    }
    for (var i = 0; i < 300; i++) {
      var run = process.running.removeFirst();
      process.ready.done(run, 10_000, run.guessedUs());
    }
    for (var i = 0; i < 100; i++) {
      process.add(idle);
    }
    var turns = new HashMap<TenantId, Integer>();
    for (var i = 0; i < 100; i++) {
      var run = process.running.removeFirst();
      process.ready.done(run, 10_000, run.guessedUs());
      turns.merge(process.running.getLast().tenant(), 1, Integer::sum);
    }
    assertThat(turns.get(idle)).as("%s", turns).isBetween(35, 75);
  }

  /// Of so many bytes of the heap, about.
  private static Run heavy(TenantId tenant, long weight) {
    var trigger = TestRuns.trigger("a".repeat((int) weight - 100));
    return new Run(
        new TestRuns.Memory(List.of(), 0),
        NOTHING,
        TestRuns.intake(tenant),
        1,
        1,
        0,
        List.of(trigger),
        null);
  }

  @Test
  void what_runs_holds_no_more_of_the_heap_than_there_is_room_for() {
    var begun = new ArrayList<Run>();
    var ready = new ReadySet(100, begun::add);
    var most = ReadySet.WEIGHT_OF_TENANT_MAX / 5 * 3;
    for (var tenant : TENANTS) {
      ready.slots(tenant, 10);
    }
    var first = heavy(TENANTS.get(0), most);
    var second = heavy(TENANTS.get(0), most);
    var others = heavy(TENANTS.get(1), most);
    ready.add(first);
    ready.add(second);
    ready.add(others);
    assertThat(begun).as("a second is beyond its tenant's part").containsExactly(first, others);
    assertThat(ready.startAtOnce(heavy(TENANTS.get(1), most))).isFalse();
    var small = heavy(TENANTS.get(1), 1_000);
    assertThat(ready.startAtOnce(small)).isTrue();

    ready.done(first, 1, first.guessedUs());

    assertThat(begun).containsExactly(first, others, small, second);
  }

  @Test
  void what_grows_beyond_its_part_is_told_so_unless_its_tenant_runs_nothing_else() {
    var begun = new ArrayList<Run>();
    var ready = new ReadySet(100, begun::add);
    var tenant = TENANTS.get(0);
    ready.slots(tenant, 10);
    ready.slots(TENANTS.get(1), 10);
    var one = heavy(tenant, 1_000);
    ready.add(one);
    assertThat(ready.grown(one, ReadySet.WEIGHT_OF_TENANT_MAX)).as("it is alone").isTrue();
    var another = heavy(tenant, 1_000);
    ready.add(another);
    assertThat(begun).as("there is no room for another").containsExactly(one);
    ready.done(one, 1, one.guessedUs());
    assertThat(begun).containsExactly(one, another);
    ready.add(heavy(tenant, 1_000));
    assertThat(ready.grown(another, ReadySet.WEIGHT_OF_TENANT_MAX)).isFalse();
    var others = heavy(TENANTS.get(1), 1_000);
    ready.add(others);
    assertThat(ready.grown(others, ReadySet.WEIGHT_MAX)).as("there is no more").isFalse();
    begun.subList(1, begun.size()).forEach(run -> ready.done(run, 1, run.guessedUs()));

    var whole = heavy(tenant, ReadySet.WEIGHT_OF_TENANT_MAX);
    ready.add(whole);
    assertThat(begun.getLast()).as("all was given back").isSameAs(whole);
  }
}
