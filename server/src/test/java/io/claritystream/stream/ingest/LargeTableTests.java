package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Column;
import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.ModelContents;
import io.claritystream.stream.materializer.TestMaterializer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A table gets another key: all of its stored rows are keyed anew, which for a large one takes
/// longer than the other sources of its partition may wait. Here more than five rows are large.
class LargeTableTests {
  private static final int ROWS_MAX = 5;
  private static final Duration SOON = Duration.ofSeconds(60);

  /// The readings, told apart by their pump alone.
  private static final TableSchema BY_PUMP =
      new TableSchema(
          "public",
          "pump_reading",
          'd',
          "",
          SimulatedSource.READING.columns().stream()
              .map(
                  column -> {
                    var key = column.name().equals("pump_id");
                    return new Column(
                        column.name(), column.typeName(), 0, column.kind(), key, key, "");
                  })
              .toList(),
          List.of());

  private IngestRig rig;
  private SimulatedSource source;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1);
    source = rig.source(rig.tenant("one"), 0);
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private void start() {
    var tables = TestMaterializer.tables(rig.database);
    var materializer = TestMaterializer.of(rig.database, tables, ROWS_MAX);
    rig.start("a", new IngestRig.Memory(tables, materializer));
  }

  private SimulatedSource.Batch byPump(int pump) {
    return source.batch(BY_PUMP, Event.reading(pump, source.capturedAt(), "1"));
  }

  @Test
  void the_other_sources_of_its_partition_go_on_while_a_large_table_is_keyed_anew()
      throws SQLException {
    var other = rig.source(rig.tenant("other"), 0);
    start();
    rig.send(other, other.barrier());
    rig.send(source, source.barrier(), source.batch(ROWS_MAX + 1));
    rig.awaitDurable(source, ROWS_MAX + 1);
    try (var somebody = rig.database.superuserConnections().getConnection()) {
      somebody.setAutoCommit(false);
      run(somebody, "SELECT FROM analytics.row_state FOR UPDATE");
      rig.send(source, byPump(7));
      rig.send(other, other.batch(20));
      rig.awaitDurable(source, 7);
      rig.awaitDurable(other, 20);
      assertThat(rig.values(other, "pressure_bar").count()).isEqualTo(20);
      assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(ROWS_MAX + 1);
      await()
          .atMost(SOON)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> !locksOfWhoWaits().isEmpty());
      assertThat(locksOfWhoWaits()).as("the partition is not held meanwhile").containsOnly(0);
      rig.send(other, other.batch(20));
      rig.awaitDurable(other, 40);
      somebody.rollback();
    }
    await().atMost(SOON).pollInterval(Duration.ofMillis(20)).until(() -> rig.attached(source));
    assertThat(keyLayout()).isEqualTo("key pump_id");
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(7);
    rig.send(
        source, source.batch(BY_PUMP, Event.reading(1, source.capturedAt(), "1").deletedBy(1)));
    rig.awaitDurable(source, 8);
    assertThat(rig.values(source, "pressure_bar").count()).as("its rows are found").isEqualTo(6);
    assertThat(rig.letters(source)).isEmpty();

    var flowed = ModelContents.of(rig.superuser(), rig.live(source));
    var before = rig.live(source);
    rig.requestRebuild(source);
    await().atMost(SOON).until(() -> rig.live(source) != before);
    assertThat(ModelContents.of(rig.superuser(), rig.live(source))).isEqualTo(flowed);
  }

  @Test
  void a_small_table_is_keyed_anew_with_the_event_that_tells_its_key() {
    start();
    rig.send(source, source.barrier(), source.batch(ROWS_MAX), byPump(6));
    rig.awaitDurable(source, 6);
    assertThat(keyLayout()).isEqualTo("key pump_id");
    assertThat(rig.followed(source)).isFalse();
  }

  /// Its snapshot would end without it.
  @Test
  void a_large_table_of_a_model_that_a_snapshot_builds_is_keyed_anew_within_it() {
    start();
    rig.send(source, source.barrier(), source.batch(2));
    rig.send(source, source.nextEpoch(), source.snapshot());
    var read = new Event[ROWS_MAX + 1];
    for (var i = 0; i < read.length; i++) {
      read[i] = Event.reading(1 + i, source.capturedAt(), "1").as(Op.READ);
    }
    rig.send(source, source.batch(read), byPump(7), source.snapshotEnd());
    rig.awaitDurable(source, 7);
    assertThat(keyLayout()).isEqualTo("key pump_id");
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(7);
    assertThat(rig.followed(source)).isFalse();
  }

  /// Who keys a large table anew has the model longer than the lease of half a minute lasts.
  @Test
  void nobody_waits_for_a_model_that_another_process_has_in_its_hands() throws SQLException {
    start();
    rig.send(source, source.barrier(), source.batch(2));
    rig.awaitDurable(source, 2);
    rig.stopAll();
    rig.superuser()
        .sql(
            """
            UPDATE analytics.model SET detached_at = now(), worker = gen_random_uuid(),
              worker_until = now() - interval '1 minute', applied_epoch = 1, applied_seq = 2
            """)
        .update();
    var follower =
        new ModelFollower(
            rig.parts(),
            new Checkpoints(),
            UUID.randomUUID(),
            rig.parts().sources().find(source.id()).orElseThrow(),
            rig.live(source),
            null);
    try (var another = rig.database.superuserConnections().getConnection()) {
      another.setAutoCommit(false);
      run(another, "SELECT FROM analytics.model FOR NO KEY UPDATE");
      assertThat(follower.step(false)).isEqualTo(ModelFollower.Step.LOST);
      another.rollback();
    }
    assertThat(follower.step(false)).isEqualTo(ModelFollower.Step.WAITS);
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// Of each transaction that waits for a row, how many locks it has of the partitions' places.
  private List<Integer> locksOfWhoWaits() {
    return rig.superuser()
        .sql(
            """
            SELECT count(l.pid)::int
            FROM pg_stat_activity a
            LEFT JOIN pg_locks l
              ON l.pid = a.pid AND l.relation = 'control.checkpoint_partition'::regclass
            WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
            GROUP BY a.pid
            """)
        .query(Integer.class)
        .list();
  }

  private String keyLayout() {
    return rig.superuser()
        .sql("SELECT key_layout FROM analytics.model_table WHERE model_id = :model")
        .param("model", rig.live(source))
        .query(String.class)
        .single();
  }
}
