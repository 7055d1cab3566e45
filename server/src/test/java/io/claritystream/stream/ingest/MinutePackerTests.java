package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.protocol.block.Op;
import io.claritystream.stream.ingest.SimulatedSource.Event;
import io.claritystream.stream.materializer.ModelContents;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Minutes of hours that are over lie side by side, and say what they said.
class MinutePackerTests {
  private static final Duration SOON = Duration.ofSeconds(60);

  /// 10:00 to 11:00 is the last hour that is over for a quarter of an hour.
  private static final Instant NOW = Instant.parse("2026-11-20T12:10:00Z");

  private static final Instant TEN = Instant.parse("2026-11-20T10:00:00Z");
  private static final int PUMPS = 30;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private IngestRig rig;
  private SimulatedSource source;

  @BeforeEach
  void begin() {
    rig = new IngestRig(1).clock(Clock.fixed(NOW, ZoneOffset.UTC));
    source = rig.source(rig.tenant("one"), 0);
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private MinutePacker packer() {
    return packer(rig.database.dataSource("service"));
  }

  private MinutePacker packer(DataSource service) {
    return packer(service, MinutePacker.LOOK_EVERY);
  }

  private MinutePacker packer(DataSource service, Duration lookEvery) {
    return new MinutePacker(
        rig.parts(rig.memory(), service), new Checkpoints(), new IngestMetrics(meters), lookEvery);
  }

  private double packed() {
    return meters.get("clarity_ingest_packed_minutes").counter().count();
  }

  /// @return in how many steps
  private static int packAll(MinutePacker packer) throws SQLException {
    var steps = 0;
    while (packer.step()) {
      assertThat(++steps).isLessThan(1_000);
    }
    return steps;
  }

  /// Of one model, as those who change several wait for each other in their own order.
  private void packAnew() {
    rig.superuser()
        .sql(
            "UPDATE analytics.model SET packed_until = NULL, packed_series = 0 WHERE state = 'live'")
        .update();
  }

  private SimulatedSource.Batch readings(Instant at) {
    var events = new Event[PUMPS];
    for (var pump = 0; pump < PUMPS; pump++) {
      events[pump] = Event.reading(pump, at.plusSeconds(pump), "4." + pump);
    }
    return source.batch(events);
  }

  /// As they come: each minute in a transaction of its own.
  private void minutes(Instant from, int count) {
    for (var minute = 0; minute < count; minute++) {
      rig.send(source, readings(from.plus(Duration.ofMinutes(minute))));
      rig.awaitDurable(source, source.lastSeq());
    }
  }

  /// The same at once: rows of one series lie side by side from the beginning.
  private void minutesAtOnce(Instant from, int count) {
    for (var minute = 0; minute < count; minute++) {
      rig.send(source, readings(from.plus(Duration.ofMinutes(minute))));
    }
    rig.awaitDurable(source, source.lastSeq());
  }

  /// On how many pages the minutes of an hour lie, of the series that is spread the most.
  private int pages(Instant hour) {
    return rig.superuser()
        .sql(
            """
            SELECT max(pages) FROM (
              SELECT count(DISTINCT (ctid::text::point)[0]) AS pages FROM analytics.metrics_min
              WHERE bucket >= :hour AND bucket < :hour + interval '1 hour'
              GROUP BY series_id)
            """)
        .param("hour", hour.atOffset(ZoneOffset.UTC))
        .query(Integer.class)
        .single();
  }

  /// Where each minute from a moment on lies.
  private List<String> places(Instant from) {
    return rig.superuser()
        .sql(
            """
            SELECT series_id || ' ' || bucket || ' ' || ctid FROM analytics.metrics_min
            WHERE bucket >= :from ORDER BY series_id, bucket
            """)
        .param("from", from.atOffset(ZoneOffset.UTC))
        .query(String.class)
        .list();
  }

  private List<String> contents() {
    return ModelContents.of(rig.superuser(), rig.live(source));
  }

  private Instant packedUntil() {
    return rig.superuser()
        .sql("SELECT coalesce(packed_until, 'epoch') FROM analytics.model WHERE state = 'live'")
        .query(java.time.OffsetDateTime.class)
        .single()
        .toInstant();
  }

  @Test
  void minutes_of_an_hour_that_is_over_lie_on_few_pages_and_those_of_later_ones_where_they_lay()
      throws SQLException {
    rig.start();
    rig.send(source, source.barrier());
    minutes(TEN, 65);
    var before = contents();
    var later = places(TEN.plus(Duration.ofHours(1)));
    assertThat(pages(TEN)).as("before").isGreaterThan(30);

    packAll(packer());

    assertThat(pages(TEN)).isLessThanOrEqualTo(3);
    assertThat(packed()).isEqualTo(60 * PUMPS * 2);
    assertThat(places(TEN.plus(Duration.ofHours(1)))).isEqualTo(later).isNotEmpty();
    assertThat(contents()).isEqualTo(before);
    assertThat(packedUntil()).isEqualTo(TEN.plus(Duration.ofHours(1)));
    assertThat(packer().step()).as("there is nothing more").isFalse();

    rig.rebuild(source);
    assertThat(contents()).isEqualTo(before);
    assertThat(packer().step()).as("a model that was built anew begins anew").isTrue();
  }

  @Test
  void it_packs_by_itself_what_there_is_and_what_comes() {
    rig.start();
    rig.send(source, source.barrier());
    minutesAtOnce(TEN, 20);
    try (var packer = packer(rig.database.dataSource("service"), Duration.ofMillis(10))) {
      packer.start();
      await().atMost(SOON).until(() -> packedUntil().equals(TEN.plus(Duration.ofHours(1))));
      packAnew();
      await().atMost(SOON).until(() -> packed() == 2 * 20 * PUMPS * 2);
    }
  }

  @Test
  void years_without_rows_are_passed_over_at_once() throws SQLException {
    rig.start();
    rig.send(source, source.barrier());
    for (var hour : List.of(Duration.ofDays(4_000), Duration.ofDays(900), Duration.ofHours(2))) {
      minutesAtOnce(TEN.minus(hour), 2);
    }
    assertThat(packAll(packer())).isLessThan(12);
    assertThat(packed()).isEqualTo(3 * 2 * PUMPS * 2);
    assertThat(packedUntil()).isEqualTo(TEN.plus(Duration.ofHours(1)));
  }

  @Test
  void a_minute_that_comes_late_or_is_taken_back_is_right_in_an_hour_that_is_packed()
      throws SQLException {
    rig.start();
    rig.send(source, source.barrier());
    minutesAtOnce(TEN, 10);
    packAll(packer());
    var late = Event.reading(3, TEN.plus(Duration.ofMinutes(40)), "7");
    var gone = Event.reading(3, TEN.plusSeconds(3), "4.3");
    rig.send(source, source.batch(late, gone.deletedBy(2)));
    rig.awaitDurable(source, source.lastSeq());

    assertThat(packer().step()).isFalse();
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(10 * PUMPS);
    var before = contents();
    rig.rebuild(source);
    assertThat(contents()).isEqualTo(before);
  }

  /// What a source holds that changes minutes of two hours that are over.
  private final class Plant {
    private final Random random;
    private final Map<List<Object>, Integer> rows = new HashMap<>();

    private Plant(long seed) {
      random = new Random(seed);
    }

    private Event change() {
      var pump = random.nextInt(4);
      // Some minutes have several readings, so that one of them is the smallest and one the last.
      var at = TEN.minus(Duration.ofHours(1)).plusSeconds(20L * random.nextInt(180 * 2));
      var value = 1 + random.nextInt(50);
      var event = Event.reading(pump, at, String.valueOf(value));
      var key = List.<Object>of(pump, at);
      if (!rows.containsKey(key)) {
        rows.put(key, value);
        return event;
      }
      if (random.nextInt(3) == 0) {
        rows.put(key, value);
        return event.as(Op.UPDATE);
      }
      rows.remove(key);
      return event.deletedBy(2);
    }

    private SimulatedSource.Batch changes(int count) {
      var events = new Event[count];
      for (var i = 0; i < count; i++) {
        events[i] = change();
      }
      return source.batch(events);
    }

    private BigDecimal sum() {
      return BigDecimal.valueOf(rows.values().stream().mapToLong(Integer::longValue).sum());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void what_is_folded_and_taken_back_while_it_is_packed_is_what_the_source_holds(long seed)
      throws Exception {
    rig.start();
    var plant = new Plant(seed);
    rig.send(source, source.barrier(), plant.changes(500));
    rig.awaitDurable(source, source.lastSeq());
    var done = new AtomicBoolean();
    var packing =
        List.of(packer(), packer()).stream()
            .map(packer -> CompletableFuture.runAsync(() -> packOnAndOn(packer, done)))
            .toList();
    for (var round = 0; round < 150; round++) {
      rig.send(source, plant.changes(1 + plant.random.nextInt(40)));
      if (round % 4 == 0) {
        rig.awaitDurable(source, source.lastSeq());
      }
      if (round == 75) {
        rig.requestRebuild(source);
      }
    }
    rig.awaitDurable(source, source.lastSeq());
    done.set(true);
    for (var each : packing) {
      each.get(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    assertThat(packed()).as("they were moved many times over").isGreaterThan(5_000);
    var values = rig.values(source, "pressure_bar");
    assertThat(values.count()).isEqualTo(plant.rows.size());
    assertThat(values.sum()).isEqualByComparingTo(plant.sum());
    var before = contents();
    rig.rebuild(source);
    assertThat(contents()).isEqualTo(before);
    assertThat(rig.letters(source)).isEmpty();
    assertThat(rig.count("clarity_ingest_faults", "passing")).isZero();
  }

  private void packOnAndOn(MinutePacker packer, AtomicBoolean done) {
    try {
      while (!done.get()) {
        if (!packer.step()) {
          packAnew();
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /// What ingest or a follower does to the model in the transaction that the packer waits for.
  private enum Meanwhile {
    FALLS_BEHIND(
        """
        UPDATE analytics.model SET detached_at = now();
        UPDATE control.checkpoint_source SET model_id = 0
        """),
    IS_FROZEN("UPDATE control.checkpoint_source SET model_id = 0"),
    IS_REPLACED("UPDATE analytics.model SET state = 'retired'");

    private final String sql;

    Meanwhile(String sql) {
      this.sql = sql;
    }
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.EnumSource
  void a_model_that_is_no_longer_folded_into_as_events_come_is_left_alone(Meanwhile meanwhile)
      throws Exception {
    var ingest = rig.start();
    rig.send(source, source.barrier());
    minutesAtOnce(TEN, 5);
    rig.stop(ingest);
    var before = places(TEN);
    CompletableFuture<Boolean> step;
    try (var other = rig.connect()) {
      hold(other);
      step = stepAside(packer());
      rig.awaitWaiting(1);
      try (var change = other.createStatement()) {
        change.execute(meanwhile.sql);
      }
      other.commit();
    }
    step.get(SOON.toSeconds(), TimeUnit.SECONDS);
    packAll(packer());

    assertThat(places(TEN)).isEqualTo(before).isNotEmpty();
    assertThat(packed()).isZero();
  }

  private static void hold(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    new Checkpoints().hold(connection, 0);
  }

  /// A step of the packer that has something to move: those before only look for it.
  private CompletableFuture<Boolean> stepAside(MinutePacker packer) throws SQLException {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return packer.step() && packer.step();
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void of_two_processes_one_packs_at_a_time() throws Exception {
    var ingest = rig.start();
    rig.send(source, source.barrier());
    minutesAtOnce(TEN, 60);
    rig.stop(ingest);
    CompletableFuture<Boolean> first;
    try (var other = rig.connect()) {
      hold(other);
      first = stepAside(packer());
      rig.awaitWaiting(1);
      assertThat(packer().step()).as("another one is at it").isFalse();
      other.rollback();
    }
    assertThat(first.get(SOON.toSeconds(), TimeUnit.SECONDS)).isTrue();

    var both = new ArrayList<CompletableFuture<Void>>();
    for (var packer : List.of(packer(), packer())) {
      both.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  while (packedUntil().isBefore(TEN.plus(Duration.ofHours(1)))) {
                    packer.step();
                  }
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              }));
    }
    for (var each : both) {
      each.get(SOON.toSeconds(), TimeUnit.SECONDS);
    }
    assertThat(packed()).as("nothing was moved twice").isEqualTo(60 * PUMPS * 2);
    assertThat(pages(TEN)).isLessThanOrEqualTo(3);
  }

  @Test
  void what_a_process_that_is_killed_at_any_step_has_not_packed_the_next_one_packs()
      throws SQLException {
    var ingest = rig.start();
    rig.send(source, source.barrier());
    minutes(TEN, 60);
    rig.stop(ingest);
    var before = contents();
    var call = 0;
    var died = true;
    while (died) {
      packAnew();
      var service = FailingService.from(rig.database.dataSource("service"), ++call);
      try {
        packAll(packer(service));
      } catch (SQLException e) {
        assertThat(e.getMessage()).isEqualTo("the process is gone");
      }
      died = service.failed();
      assertThat(contents()).isEqualTo(before);
      packAll(packer());
      assertThat(contents()).isEqualTo(before);
      assertThat(pages(TEN)).isLessThanOrEqualTo(3);
      assertThat(packedUntil()).isEqualTo(TEN.plus(Duration.ofHours(1)));
    }
    assertThat(call).isGreaterThan(6);
  }

  /// Ingest waits for a portion.
  @Test
  void the_portion_after_one_that_took_too_long_is_smaller() throws SQLException {
    var ingest = rig.start();
    rig.send(source, source.barrier());
    minutesAtOnce(TEN, 60);
    rig.stop(ingest);
    rig.superuser()
        .sql(
            """
            CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              PERFORM pg_sleep(0.05);
              RETURN NULL;
            END $$;
            CREATE TRIGGER slow AFTER INSERT ON analytics.metrics_min
            FOR EACH STATEMENT EXECUTE FUNCTION public.slow();
            GRANT EXECUTE ON FUNCTION public.slow() TO clarity_service;
            GRANT USAGE ON SCHEMA public TO clarity_service;
            """)
        .update();
    var packer = packer();
    var moved = new ArrayList<Integer>();
    var before = 0.0;
    while (packer.step()) {
      if (packed() > before) {
        moved.add((int) (packed() - before));
      }
      before = packed();
    }
    assertThat(moved).startsWith(2_040, 1_020, 540);
    assertThat(moved.stream().mapToInt(Integer::intValue).sum()).isEqualTo(60 * PUMPS * 2);
  }

  @Test
  void what_was_moved_leaves_room_that_is_used_again() throws SQLException {
    var ingest = rig.start();
    rig.send(source, source.barrier());
    minutes(TEN, 60);
    rig.stop(ingest);
    var sizes = new ArrayList<Long>();
    for (var round = 0; round < 6; round++) {
      packAnew();
      packAll(packer());
      rig.superuser().sql("VACUUM analytics.metrics_min").update();
      sizes.add(
          rig.superuser()
              .sql("SELECT pg_total_relation_size('analytics.metrics_min')")
              .query(Long.class)
              .single());
    }
    assertThat(sizes.getLast()).as("%s", sizes).isLessThanOrEqualTo(sizes.getFirst() * 3 / 2);
  }
}
