package io.claritystream.stream.ingest;

import static io.claritystream.stream.ingest.SimulatedSource.READING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.protocol.block.TableSchema;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.source.DurableMark;
import io.claritystream.stream.source.DurableMarks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// From the bus to bronze: one ingest, all partitions, a source for each test.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class IngestTests {
  private final IngestRig rig = new IngestRig(2);

  @BeforeAll
  void start() {
    rig.start();
  }

  @AfterAll
  void stop() {
    rig.close();
  }

  private SimulatedSource source() {
    return rig.source(rig.tenant("Northgate"), 1);
  }

  @Test
  void each_event_is_in_bronze_once_with_what_was_captured() {
    var source = source();
    var at = Instant.parse("2026-11-20T23:59:59.123456Z");
    rig.send(
        source,
        source.barrier(),
        source.batch(
            Event.reading(7, at, "4.250").note("a \"b\" \\ \u00e9 \ud83d\ude00"),
            Event.reading(8, at, "NaN").as(Op.READ)),
        source.batch(
            Event.reading(7, at, "4.3").as(Op.UPDATE), Event.reading(8, at, "1").as(Op.DELETE)));
    rig.awaitDurable(source, 4);

    record Row(
        long seq, String op, String tableName, String lsn, int schemaVersion, String payload) {}
    var rows =
        rig.superuser()
            .sql(
                """
                SELECT seq, op, table_name, lsn, schema_version, payload::text AS payload
                FROM bronze.cdc_events WHERE source_id = :source ORDER BY seq
                """)
            .param("source", source.id())
            .query(Row.class)
            .list();
    assertThat(rows).extracting(Row::seq).containsExactly(1L, 2L, 3L, 4L);
    assertThat(rows).extracting(Row::op).containsExactly("insert", "read", "update", "delete");
    assertThat(rows).extracting(Row::tableName).containsOnly("public.pump_reading");
    assertThat(rows).extracting(Row::lsn).containsExactly("1/1", "1/1", "1/3", "1/3");
    assertThat(rows.getFirst().payload())
        .contains("\"pressure_bar\": 4.250")
        .contains("\"note\": \"a \\\"b\\\" \\\\ \u00e9 \ud83d\ude00\"")
        .contains("\"read_at\": \"2026-11-20 23:59:59.123456+00\"");
    assertThat(rows.get(1).payload()).contains("\"pressure_bar\": \"NaN\"");
    assertThat(rows.get(3).payload()).startsWith("{\"before\": {");
  }

  @Test
  void a_definition_that_comes_again_is_in_force_again() {
    var source = source();
    var other =
        new TableSchema(
            READING.namespace(), READING.name(), 'd', "told", READING.columns(), List.of());
    var of = Instant.parse("2026-11-20T12:00:00Z");
    rig.send(source, source.barrier());
    var seq = 0;
    for (var schema : List.of(READING, other, READING, other, READING)) {
      rig.send(source, source.batch(schema, Event.reading(1, of, "1"), Event.reading(2, of, "2")));
      rig.awaitDurable(source, seq += 2);
      assertThat(
              rig.superuser()
                  .sql(
                      """
                      SELECT e.schema_version, t.schema_version
                      FROM control.source_table t, bronze.cdc_events e
                      WHERE t.source_id = :source AND e.source_id = :source AND e.seq = :seq
                      ORDER BY t.in_force_seq DESC LIMIT 1
                      """)
                  .param("source", source.id())
                  .param("seq", seq)
                  .query((row, _) -> List.of(row.getInt(1), row.getInt(2)))
                  .single())
          .containsOnly(schema == READING ? 1 : 2);
    }
  }

  @Test
  void the_checkpoint_says_how_far_the_source_is_durable() {
    var source = source();
    var barrier = source.barrier();
    var last = source.batch(3);
    rig.send(source, barrier, last);
    rig.awaitDurable(source, 3);

    record Row(
        int epoch,
        long session,
        long appliedSeq,
        byte[] digest,
        String position,
        long positionSeq,
        long eventsTotal) {}
    var row =
        rig.superuser()
            .sql(
                """
                SELECT epoch, session, applied_seq, digest, position, position_seq, events_total
                FROM control.checkpoint_source WHERE source_id = :source
                """)
            .param("source", source.id())
            .query(Row.class)
            .single();
    assertThat(row.epoch()).isEqualTo(1);
    assertThat(row.session()).isEqualTo(2);
    assertThat(row.appliedSeq()).isEqualTo(3);
    assertThat(row.digest()).isEqualTo(last.header().getDigest().toByteArray());
    assertThat(row.position()).isEqualTo("1/4");
    assertThat(row.positionSeq()).isEqualTo(3);
    assertThat(row.eventsTotal()).isEqualTo(3);
  }

  @Test
  void whoever_listens_hears_of_the_commit_and_of_missing_numbers() {
    var source = source();
    var heard = new CopyOnWriteArrayList<Object>();
    rig.marks.listen(
        source.id(),
        new DurableMarks.Listener() {
          @Override
          public void durable(DurableMark mark) {
            heard.add(mark);
          }

          @Override
          public void missing(int epoch, long firstMissingSeq) {
            heard.add(firstMissingSeq);
          }
        });
    var first = source.batch(2);
    var lost = source.batch(2);
    var third = source.batch(2);
    rig.send(source, source.barrierAgain(), first);
    rig.awaitDurable(source, 2);
    rig.send(source, third);
    await().atMost(IngestRig.SOON).until(() -> heard.contains(3L));
    rig.send(source, lost, third);
    rig.awaitDurable(source, 6);
    await()
        .atMost(IngestRig.SOON)
        .until(() -> heard.contains(new DurableMark(source.id(), 1, 1, 6)));
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(6));
  }

  @Test
  void who_watches_is_shown_readings_and_no_other_tenant_is() throws Exception {
    var source = source();
    try (var own = rig.live.open(source.tenant());
        var other = rig.live.open(rig.tenant("Somebody else"))) {
      rig.send(source, source.batch(Event.reading(7, Instant.now(), "4.25")));
      rig.awaitDurable(source, 1);
      await()
          .atMost(IngestRig.SOON)
          .untilAsserted(() -> assertThat(own.next(Duration.ZERO).toString()).contains("4.25"));
      assertThat(other.next(Duration.ZERO).toString()).doesNotContain("4.25");
    }
  }

  @Test
  void a_new_epoch_begins_with_its_barrier_and_older_ones_are_dropped() {
    var source = source();
    rig.send(source, source.barrier(), source.batch(3));
    var late = source.batch(2);
    var barrier = source.nextEpoch();
    var first = source.batch(2);
    rig.send(source, barrier, late, first);
    await().atMost(IngestRig.SOON).until(() -> rig.bronze(source, 2).equals(List.of(1L, 2L)));
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    assertThat(rig.durable(source)).isEqualTo(2);
  }

  @Test
  void a_snapshot_repeated_in_a_new_epoch_counts_nothing_twice() {
    var source = source();
    var events = new Event[5];
    for (var i = 0; i < events.length; i++) {
      events[i] = Event.reading(i, source.capturedAt(), "4.5").as(Op.READ);
    }
    rig.send(source, source.barrier(), source.snapshot(events[0], events[1], events[2]));
    rig.awaitDurable(source, 3);
    var barrier = source.nextEpoch();
    var first = source.snapshot(events[0], events[1]);
    rig.send(source, barrier, first, first, source.snapshotEnd(events[2], events[3], events[4]));
    await().atMost(IngestRig.SOON).until(() -> rig.bronze(source, 2).size() == 5);

    assertThat(
            rig.superuser()
                .sql(
                    """
                    SELECT d.key || ' ' || sum(m.value_count) FROM analytics.devices d
                    JOIN analytics.series s USING (model_id, device_id)
                    JOIN analytics.metrics_min m USING (series_id)
                    JOIN analytics.model USING (model_id)
                    WHERE model.state = 'live' AND d.source_id = :source
                    GROUP BY d.key ORDER BY d.key
                    """)
                .param("source", source.id())
                .query(String.class)
                .list())
        .containsExactly("0 2", "1 2", "2 2", "3 2", "4 2");
    assertThat(
            rig.superuser()
                .sql(
                    """
                    SELECT reads FROM analytics.table_state t JOIN analytics.model m USING (model_id)
                    WHERE t.source_id = :source AND m.state = 'live'
                    """)
                .param("source", source.id())
                .query(Long.class)
                .single())
        .isEqualTo(5);
  }

  @Test
  void what_an_older_stream_of_the_agent_still_sends_is_dropped() {
    var source = source();
    rig.send(source, source.barrier());
    var old = source.batch(2);
    rig.send(source, source.barrier());
    var before = rig.count("clarity_ingest_dropped_records", "stale");
    rig.send(source, old);
    rig.awaitCount("clarity_ingest_dropped_records", "stale", before + 1);
    rig.send(source, old.session(3));
    rig.awaitDurable(source, 2);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(2));
  }

  @Test
  void a_batch_that_overlaps_adds_only_what_is_new() {
    var one = source();
    var batch = one.batch(4);
    rig.send(one, batch);
    rig.awaitDurable(one, 4);
    // The same numbers again, cut elsewhere.
    var other = new SimulatedSource(one.tenant(), one.id(), one.partition(), one.capturedAt());
    other.batch(2);
    rig.send(one, other.batch(5));
    rig.awaitDurable(one, 7);
    assertThat(rig.bronze(one, 1)).isEqualTo(IngestRig.upTo(7));
  }

  @Test
  void a_batch_that_is_no_block_is_one_dead_letter_for_its_range_and_the_rest_flows_on() {
    var source = source();
    rig.send(source, source.batch(2), source.nonsense(3), source.batch(2));
    rig.awaitDurable(source, 7);
    assertThat(rig.bronze(source, 1)).containsExactly(1L, 2L, 6L, 7L);
    assertThat(rig.letters(source))
        .singleElement()
        .satisfies(
            letter -> {
              assertThat(letter.cause()).isEqualTo("batch_corrupt");
              assertThat(letter.seq()).isEqualTo(3);
              assertThat(letter.seqEnd()).isEqualTo(5);
              assertThat(letter.sample()).isNotEmpty();
            });
    assertThat(rig.count("clarity_ingest_lost_events")).isGreaterThanOrEqualTo(3);
  }

  @Test
  void a_batch_that_is_no_block_is_kept_as_it_came() throws Exception {
    var source = source();
    var batch = source.nonsense(3);
    rig.send(source, batch);
    rig.awaitDurable(source, 3);
    var kept =
        rig.superuser()
            .sql("SELECT batch FROM control.dead_letter WHERE source_id = :source")
            .param("source", source.id())
            .query(byte[].class)
            .single();
    var read = io.claritystream.protocol.link.Batch.parseFrom(kept);
    assertThat(read.getHeader()).isEqualTo(batch.header());
    assertThat(read.getPayload().toByteArray()).isEqualTo(batch.payload());
  }

  @Test
  void a_table_whose_name_no_database_stores_stops_nobody() {
    var hostile = source();
    var other = source();
    var event = Event.reading(1, Instant.now(), "4.5");
    rig.send(
        hostile,
        hostile.batchOf("pump\0reading", event),
        hostile.batchOf("n".repeat(3_000), event),
        hostile.batch(1));
    rig.send(other, other.batch(2));
    rig.awaitDurable(other, 2);
    rig.awaitDurable(hostile, 3);
    assertThat(rig.bronze(hostile, 1)).containsExactly(3L);
    assertThat(rig.letters(hostile))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("batch_corrupt", "batch_corrupt");
  }

  @Test
  void a_table_that_the_database_refuses_to_know_stops_nobody() {
    rig.refuse("control.source_table", "NEW.table_name = 'public.refused'", "22P05");
    var hostile = source();
    var other = source();
    rig.send(hostile, hostile.batchOf("refused", Event.reading(1, Instant.now(), "4.5")));
    rig.send(other, other.batch(2));
    rig.send(hostile, hostile.batch(1));
    rig.awaitDurable(other, 2);
    rig.awaitDurable(hostile, 2);
    assertThat(rig.bronze(hostile, 1)).containsExactly(2L);
    assertThat(rig.letters(hostile))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("batch_corrupt");
  }

  @Test
  void a_batch_of_another_history_is_not_taken_in_the_place_of_the_right_one() {
    var source = source();
    var other = new SimulatedSource(source.tenant(), source.id(), 1, source.capturedAt());
    rig.send(source, source.batch(2));
    rig.awaitDurable(source, 2);
    other.batch(Event.reading(1, Instant.now(), "666"), Event.reading(2, Instant.now(), "667"));
    var before = rig.count("clarity_ingest_dropped_records", "forked");
    rig.send(source, other.batch(3));
    rig.awaitCount("clarity_ingest_dropped_records", "forked", before + 1);
    rig.send(source, source.batch(2));
    rig.awaitDurable(source, 4);
    assertThat(rig.letters(source)).isEmpty();
  }

  @Test
  void an_error_in_a_partitions_thread_does_not_end_the_partition() {
    var source = source();
    var errors = new java.util.concurrent.atomic.AtomicInteger();
    rig.marks.listen(
        source.id(),
        new DurableMarks.Listener() {
          @Override
          public void durable(DurableMark mark) {}

          @Override
          public void missing(int epoch, long firstMissingSeq) {
            if (errors.incrementAndGet() == 1) {
              throw new StackOverflowError("once");
            }
          }
        });
    var first = source.batch(2);
    var second = source.batch(2);
    rig.send(source, second);
    await().atMost(IngestRig.SOON).until(() -> errors.get() > 0);
    rig.send(source, first, second);
    rig.awaitDurable(source, 4);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(4));
    assertThat(rig.letters(source)).isEmpty();
  }

  @Test
  void a_batch_damaged_on_the_way_is_asked_for_again_and_lost_to_nobody() {
    var source = source();
    var batch = source.batch(3);
    var bytes = batch.payload().clone();
    bytes[bytes.length / 2] ^= 0x10;
    var before = rig.count("clarity_ingest_dropped_records", "damaged");
    rig.send(source, new SimulatedSource.Batch(batch.header(), bytes));
    rig.awaitCount("clarity_ingest_dropped_records", "damaged", before + 1);
    rig.send(source, batch);
    rig.awaitDurable(source, 3);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    assertThat(rig.letters(source)).isEmpty();
  }

  @Test
  void a_batch_that_stays_damaged_does_not_hold_up_the_source_for_ever() {
    var source = source();
    var wrong = source.batch(3).with(header -> header.setCrc32C(1));
    var good = source.batch(1);
    rig.send(source, wrong, wrong, wrong, wrong, good);
    rig.awaitDurable(source, 4);
    assertThat(rig.letters(source))
        .extracting(IngestRig.Letter::cause)
        .containsExactly("batch_corrupt");
  }

  @Test
  void the_tenant_is_the_sources_whatever_the_batch_says() {
    var source = source();
    var other = rig.tenant("Somebody else");
    var before = rig.count("clarity_ingest_dropped_records", "wrong_tenant");
    var batch = source.batch(2);
    rig.send(source, batch.with(header -> header.setTenantId(other.toString())));
    rig.awaitCount("clarity_ingest_dropped_records", "wrong_tenant", before + 1);
    rig.send(source, batch);
    rig.awaitDurable(source, 2);
    assertThat(
            rig.superuser()
                .sql("SELECT DISTINCT tenant_id FROM bronze.cdc_events WHERE source_id = :source")
                .param("source", source.id())
                .query(java.util.UUID.class)
                .list())
        .containsExactly(source.tenant().value());
  }

  @Test
  void records_of_unknown_sources_and_of_other_partitions_are_dropped() {
    var stranger =
        new SimulatedSource(rig.tenant("x"), java.util.UUID.randomUUID(), 1, Instant.now());
    var unknown = rig.count("clarity_ingest_dropped_records", "unknown_source");
    rig.send(stranger, stranger.batch(1));
    rig.awaitCount("clarity_ingest_dropped_records", "unknown_source", unknown + 1);

    var source = source();
    var astray = rig.count("clarity_ingest_dropped_records", "wrong_partition");
    var misled = new SimulatedSource(source.tenant(), source.id(), 0, Instant.now());
    rig.send(misled, misled.batch(1));
    rig.awaitCount("clarity_ingest_dropped_records", "wrong_partition", astray + 1);
    assertThat(rig.bronze(source, 1)).isEmpty();
  }

  @Test
  void capture_times_from_nowhere_make_no_partitions() {
    var source = source();
    for (var at : List.of("1970-01-01T00:00:00Z", "2026-11-01T00:00:00Z", "9999-01-01T00:00:00Z")) {
      source.capturedAt(Instant.parse(at));
      rig.send(source, source.batch(1));
    }
    rig.awaitDurable(source, 3);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    var days =
        rig.superuser()
            .sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'bronze.cdc_events'::regclass")
            .query(Integer.class)
            .single();
    assertThat(days).isLessThan(10);
  }

  /// A clock that is wrong, or that is set while events flow; and a spool that waited for long.
  @ParameterizedTest
  @ValueSource(longs = {-10, -3, 3})
  void an_agents_clock_may_be_days_off_and_be_set_right_meanwhile(long days) {
    var source = source();
    var now = Instant.now();
    var at = Instant.parse("2026-11-20T23:59:59.999Z");
    for (var clock : List.of(now.plus(Duration.ofDays(days)), now)) {
      source.capturedAt(clock);
      rig.send(
          source,
          source.batch(
              SimulatedSource.Event.reading(1, at, "1"),
              SimulatedSource.Event.reading(1, at.plusMillis(1), "2")));
      at = at.plusSeconds(60);
    }
    rig.awaitDurable(source, 4);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(4));
    assertThat(rig.letters(source)).isEmpty();
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(4);
    assertThat(rig.values(source, "pressure_bar").sum()).isEqualByComparingTo("6");
    // Of when an event was captured, only what can be is believed: its day is there.
    assertThat(
            rig.superuser()
                .sql(
                    """
                    SELECT count(*) FROM bronze.cdc_events
                    WHERE source_id = :source
                      AND ('x0000' || left(replace(event_id::text, '-', ''), 12))::bit(64)::bigint
                        > extract(epoch FROM now() + INTERVAL '11 minutes') * 1000
                    """)
                .param("source", source.id())
                .query(Integer.class)
                .single())
        .isZero();
  }

  @Test
  void a_passing_fault_is_waited_out_without_dead_letter_or_loss() {
    var source = source();
    rig.send(source, source.batch(1));
    rig.awaitDurable(source, 1);
    rig.superuser()
        .sql(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE usename = 'clarity_service' AND datname = current_database()
            """)
        .query(Boolean.class)
        .list();
    rig.send(source, source.batch(2));
    rig.awaitDurable(source, 3);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    assertThat(rig.letters(source)).isEmpty();
  }

  @Test
  void waiting_for_a_lock_too_long_is_a_passing_fault() throws Exception {
    var source = source();
    rig.send(source, source.batch(1));
    rig.awaitDurable(source, 1);
    var before = rig.count("clarity_ingest_faults", "passing");
    try (var blocker = rig.connect();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("LOCK TABLE control.checkpoint_source IN ACCESS EXCLUSIVE MODE");
      rig.send(source, source.batch(2));
      await()
          .atMost(Duration.ofSeconds(40))
          .until(() -> rig.count("clarity_ingest_faults", "passing") > before);
    }
    rig.awaitDurable(source, 3);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    assertThat(rig.letters(source)).isEmpty();
  }
}
