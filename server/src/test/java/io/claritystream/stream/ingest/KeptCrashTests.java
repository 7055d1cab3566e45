package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every row that ever was is held once, whatever happens to the source, and wherever a process is
/// killed that takes it in.
class KeptCrashTests extends KeptHistory {
  /// What a source holds, and what is to be seen of its readings.
  private final class Plant {
    private final Random random;
    private final Map<Integer, Integer> there = new HashMap<>();
    private final Map<Integer, Integer> shown = new HashMap<>();
    private final List<Integer> history = new ArrayList<>();

    private Plant(long seed) {
      random = new Random(seed);
    }

    /// @param told whether the agent sees it
    private Event change(boolean told) {
      var key = random.nextInt(12);
      var value = 1 + random.nextInt(50);
      var event = reading(key, String.valueOf(value)).note("note " + value);
      if (!there.containsKey(key)) {
        there.put(key, value);
        if (told) {
          var vanished = shown.put(key, value);
          if (vanished != null) {
            history.add(vanished);
          }
        }
        return event;
      }
      if (random.nextBoolean()) {
        there.put(key, value);
        if (told) {
          shown.put(key, value);
        }
        return event.as(Op.UPDATE);
      }
      there.remove(key);
      if (told) {
        history.add(shown.remove(key));
      }
      return event.deletedBy(2);
    }

    private Event[] changes(int count) {
      var events = new Event[count];
      for (var i = 0; i < count; i++) {
        events[i] = change(true);
      }
      return events;
    }

    private Event[] copy(int rows) {
      var events = new ArrayList<Event>();
      for (var row : there.entrySet()) {
        if (events.size() < rows) {
          shown.put(row.getKey(), row.getValue());
          events.add(read(row.getKey(), row.getValue().toString()).note("note " + row.getValue()));
        }
      }
      return events.toArray(Event[]::new);
    }

    private void gap() {
      for (var i = 0; i < 6; i++) {
        change(false);
      }
      if (random.nextInt(3) == 0) {
        var barrier = source.nextEpoch();
        rig.send(source, barrier, source.snapshot(copy(3)));
        change(false);
      }
      var barrier = source.nextEpoch();
      rig.send(source, barrier, source.snapshot(copy(4)));
      rig.send(source, source.batch(SimulatedSource.STOP, stop(Op.READ, random.nextInt(9), "jam")));
      rig.send(source, source.snapshotEnd(copy(100)));
    }

    private void assertShown() {
      var sum = BigDecimal.ZERO;
      for (var value : history) {
        sum = sum.add(BigDecimal.valueOf(value));
      }
      for (var value : shown.values()) {
        sum = sum.add(BigDecimal.valueOf(value));
      }
      var values = rig.values(source, "pressure_bar");
      assertThat(values.count()).isEqualTo(history.size() + shown.size());
      assertThat(values.sum()).isEqualByComparingTo(sum);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void every_row_that_ever_was_is_held_once_whatever_happened(long seed) {
    choose(READINGS, "keep");
    rig.start();
    var plant = new Plant(seed);
    rig.send(source, source.barrier());
    for (var round = 0; round < 6; round++) {
      rig.send(source, source.batch(plant.changes(5)), source.batch(plant.changes(9)));
      rig.send(
          source,
          source.batch(
              SimulatedSource.STATE,
              new Event(
                  Op.INSERT,
                  Arrays.asList(
                      String.valueOf(round),
                      "1",
                      SimulatedSource.text(at.plusSeconds(round)),
                      "state"))));
      if (round % 2 == 0) {
        settle();
        plant.assertShown();
      }
      plant.gap();
    }
    rig.send(source, source.batch(plant.changes(9)));
    settle();
    plant.assertShown();
    assertThat(plant.history).hasSizeGreaterThan(5);
    assertRebuiltTheSame();
  }

  /// What ingest leaves behind a whole copy, once more.
  private void carryOverAgain() {
    rig.superuser()
        .sql(
            """
            INSERT INTO control.rebuild (rebuild_id, tenant_id, source_id, state, requested_at,
              snapshot_epoch, snapshot_seq, snapshot_ended_seq)
            SELECT gen_random_uuid(), tenant_id, source_id, 'waiting', now(), snapshot_epoch,
              snapshot_seq, snapshot_ended_seq
            FROM control.rebuild WHERE state = 'done' ORDER BY requested_at DESC LIMIT 1
            """)
        .update();
    rig.superuser().sql("UPDATE control.checkpoint_source SET model_id = 0").update();
  }

  @Test
  void a_process_that_is_killed_at_any_step_of_the_carrying_over_leaves_it_to_the_next() {
    choose(READINGS, "keep");
    var ingest = rig.start();
    var plant = new Plant(11);
    rig.send(source, source.barrier(), source.batch(plant.changes(9)));
    plant.gap();
    rig.send(source, source.batch(plant.changes(9)));
    plant.gap();
    settle();
    rig.stop(ingest);
    var expected = contents(live());
    var call = 0;
    var died = true;
    while (died) {
      carryOverAgain();
      var service = FailingService.from(rig.database.dataSource("service"), ++call);
      roundsOf(new Followers(rig.parts(rig.memory(), service), new Checkpoints()));
      died = service.failed();
      expireLeases();
      var next = new Followers(rig.parts(), new Checkpoints());
      // Like any process it looks again if it could not at once.
      await()
          .atMost(SOON)
          .untilAsserted(
              () -> {
                roundsOf(next);
                assertThat(rebuilds()).containsOnly("done", "replaced");
              });
      assertThat(contents(live())).isEqualTo(expected);
    }
    assertThat(call).isGreaterThan(12);
    plant.assertShown();
  }

  @Test
  void a_process_that_is_killed_while_it_takes_a_copy_in_leaves_it_to_the_next() {
    choose(READINGS, "keep");
    var plant = new Plant(12);
    var next = rig.start();
    rig.send(source, source.barrier(), source.batch(plant.changes(6)));
    settle();
    var begins = "INSERT INTO control.rebuild";
    var ends = "SET snapshot_ended_seq";
    for (var step : List.of(begins, ends, "1", "2", "3", "4")) {
      rig.stop(next);
      plant.gap();
      var database = rig.database.dataSource("service");
      var service =
          step.length() > 1
              ? FailingService.atCommitOf(database, step)
              : FailingService.toIngest(database, Integer.parseInt(step));
      var dying =
          rig.start("dying" + step.length() + step.charAt(0), rig.parts(rig.memory(), service));
      await().atMost(SOON).until(service::failed);
      rig.stop(dying);
      expireLeases();
      next = rig.start("next" + step.length() + step.charAt(0));
      settle();
      plant.assertShown();
    }
    assertRebuiltTheSame();
  }
}
