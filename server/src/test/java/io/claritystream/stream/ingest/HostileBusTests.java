package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/// Whatever the bus does to the records between agent and ingest (repeat, swap, drop, put something
/// else in their place), as long as the agent sends again what is not durable, bronze and the read
/// models have each event once.
class HostileBusTests {
  private static IngestRig rig;

  @BeforeContainer
  static void start() {
    rig = new IngestRig(1);
    rig.start();
  }

  @AfterContainer
  static void stop() {
    rig.close();
  }

  @Property(tries = 25, shrinking = ShrinkingMode.OFF)
  void bronze_and_the_read_models_have_each_event_once(
      @ForAll @IntRange(min = 1, max = 30) int batches, @ForAll long seed) {
    var random = new Random(seed);
    var source = rig.source(rig.tenant("hostile"), 0);
    var spool = new ArrayList<SimulatedSource.Batch>();
    for (var i = 0; i < batches; i++) {
      spool.add(source.batch(1 + random.nextInt(20)));
    }
    var last = spool.getLast().lastSeq();
    // The agent's rounds: everything behind what is durable, through a bus that is less hostile
    // each time, as the last one must get through.
    for (var hostility = 6; rig.durable(source) < last; hostility--) {
      assertThat(hostility).as("rounds left, seed %d", seed).isGreaterThan(-20);
      var durable = rig.durable(source);
      var behind = spool.stream().filter(batch -> batch.lastSeq() > durable).toList();
      var arrived = hostility <= 0 ? behind : mangled(behind, spool, random, hostility);
      for (var batch : arrived) {
        rig.send(source, batch);
      }
      settle();
    }
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(last));
    assertThat(rig.letters(source)).isEmpty();
    rig.assertFolded(source, last);
    assertThat(
            rig.superuser()
                .sql("SELECT events_total FROM control.checkpoint_source WHERE source_id = :source")
                .param("source", source.id())
                .query(Long.class)
                .single())
        .isEqualTo(last);
  }

  private static List<SimulatedSource.Batch> mangled(
      List<SimulatedSource.Batch> batches,
      List<SimulatedSource.Batch> spool,
      Random random,
      int hostility) {
    var mangled = new ArrayList<SimulatedSource.Batch>();
    for (var batch : batches) {
      switch (random.nextInt(40) / hostility) {
        case 0 -> {
          // Dropped.
        }
        case 1 -> {
          mangled.add(batch);
          mangled.add(batch);
        }
        case 2 -> mangled.add(random.nextInt(mangled.size() + 1), batch);
        case 3 -> mangled.add(spool.get(random.nextInt(spool.size())));
        case 4 -> {
          var bytes = batch.payload().clone();
          bytes[random.nextInt(bytes.length)] ^= 1;
          mangled.add(new SimulatedSource.Batch(batch.header(), bytes));
        }
        default -> mangled.add(batch);
      }
    }
    if (hostility > 4) {
      Collections.shuffle(mangled, random);
    }
    return mangled;
  }

  /// Until ingest has dealt with everything that was sent.
  private static void settle() {
    var end = rig.end();
    await()
        .atMost(IngestRig.SOON)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> rig.taken() >= end);
  }
}
