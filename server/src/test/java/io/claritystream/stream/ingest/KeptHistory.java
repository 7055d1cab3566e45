package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.ModelContents;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A source whose readings may be kept, over a real database and a topic of its own; what the tests
/// of kept rows ask and await of it.
abstract class KeptHistory {
  static final Duration SOON = Duration.ofSeconds(60);
  static final String READINGS = "public.pump_reading";

  IngestRig rig;
  SimulatedSource source;
  Instant at;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1);
    source = rig.source(rig.tenant("one"), 0);
    at = Instant.parse("2026-11-20T12:00:00Z");
  }

  @AfterEach
  void end() {
    rig.close();
  }

  void choose(String table, String onDelete) {
    rig.choose(source, table, onDelete);
  }

  Event reading(int pump, String pressure) {
    return Event.reading(pump, at, pressure);
  }

  Event read(int pump, String pressure) {
    return reading(pump, pressure).as(Op.READ);
  }

  Event stop(Op op, int id, String reason) {
    return new Event(
        op,
        Arrays.asList(
            String.valueOf(id), "1", SimulatedSource.text(at.plusSeconds(id)), null, reason));
  }

  /// The model that is shown.
  int live() {
    return rig.live(source);
  }

  /// The models that are built.
  List<Integer> building() {
    return rig.superuser()
        .sql("SELECT model_id FROM analytics.model WHERE state = 'building'")
        .query(Integer.class)
        .list();
  }

  /// What became of each rebuild that was asked for, in their order.
  List<String> rebuilds() {
    return rig.superuser()
        .sql("SELECT state FROM control.rebuild ORDER BY requested_at, ended_at NULLS LAST")
        .query(String.class)
        .list();
  }

  List<String> contents(int model) {
    return ModelContents.of(rig.superuser(), model);
  }

  /// How many events could not be folded, but for those of rows that nobody knows.
  long letters() {
    return rig.superuser()
        .sql("SELECT count(*) FROM control.dead_letter WHERE cause <> 'row_unknown'")
        .query(Long.class)
        .single();
  }

  void awaitTaken() {
    await().atMost(SOON).pollInterval(Duration.ofMillis(10)).until(() -> rig.taken() == rig.end());
  }

  /// All that was sent is stored, nothing is being built, and ingest folds into what is shown.
  void settle() {
    awaitTaken();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                rig.superuser()
                    .sql(
                        """
                        SELECT NOT EXISTS (SELECT FROM control.rebuild WHERE ended_at IS NULL)
                          AND c.model_id = m.model_id
                        FROM control.checkpoint_source c JOIN analytics.model m USING (source_id)
                        WHERE source_id = :source AND m.state = 'live'
                        """)
                    .param("source", source.id())
                    .query(Boolean.class)
                    .single());
  }

  void assertRebuiltTheSame() {
    settle();
    var before = live();
    rig.requestRebuild(source);
    settle();
    assertThat(live()).isNotEqualTo(before);
    assertThat(contents(live())).isEqualTo(contents(before)).isNotEmpty();
  }

  /// No process has a model to itself any more.
  void expireLeases() {
    rig.superuser()
        .sql("UPDATE analytics.model SET worker_until = now() - interval '1 s'")
        .update();
  }

  /// Until nothing is left to follow.
  static void roundsOf(Followers followers) {
    for (var round = 0; followers.round(); round++) {
      assertThat(round).isLessThan(100);
    }
  }
}
