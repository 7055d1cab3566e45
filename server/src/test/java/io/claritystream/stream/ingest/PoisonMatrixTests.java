package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.claritystream.stream.ingest.SimulatedSource.Event;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What PostgreSQL says of an event decides what becomes of it: poison is a dead letter and the
/// rest flows on; whatever passes is waited out, with neither loss nor dead letter.
///
/// The database raises the state itself, while the read models are written: for poison at one
/// reading of 666, for a passing fault at any reading of 777, as long as it lasts.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PoisonMatrixTests {
  private static final Instant AT = Instant.parse("2026-11-20T12:00:00Z");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final IngestRig rig = new IngestRig(1);
  private SimulatedSource source;

  @BeforeAll
  void start() {
    rig.start();
  }

  @AfterAll
  void stop() {
    rig.close();
  }

  @BeforeEach
  void begin() {
    source = rig.source(rig.tenant("Northgate"), 0);
  }

  @AfterEach
  void mend() {
    rig.refuseNone(IngestRig.MINUTES);
  }

  private void raise(String state, int value) {
    rig.refuse(IngestRig.MINUTES, "NEW.value_max = " + value, state);
  }

  private void awaitDurable(long seq) {
    await().atMost(PATIENCE).until(() -> rig.durable(source) >= seq);
  }

  private void awaitPassingFault(double before) {
    await().atMost(PATIENCE).until(() -> rig.count("clarity_ingest_faults", "passing") > before);
  }

  private void assertNothingLost(long events) {
    awaitDurable(events);
    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(events));
    assertThat(rig.letters(source)).isEmpty();
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(events);
  }

  @ParameterizedTest
  @ValueSource(strings = {"22003", "22P05", "23505", "23514", "54000", "54011"})
  void poison_is_a_dead_letter_and_the_rest_flows_on(String state) {
    raise(state, 666);
    rig.send(
        source,
        source.batch(
            Event.reading(1, AT, "1"), Event.reading(2, AT, "666"), Event.reading(3, AT, "3")));
    awaitDurable(3);

    assertThat(rig.bronze(source, 1)).isEqualTo(IngestRig.upTo(3));
    assertThat(rig.letters(source))
        .singleElement()
        .satisfies(letter -> assertThat(letter.seq()).isEqualTo(2))
        .satisfies(letter -> assertThat(letter.sqlstate()).isEqualTo(state));
    assertThat(rig.values(source, "pressure_bar").count()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "57P01", "58030",
        "XX000", "XX001"
      })
  void a_passing_fault_is_waited_out_and_makes_no_dead_letter(String state) {
    raise(state, 777);
    var before = rig.count("clarity_ingest_faults", "passing");
    rig.send(source, source.batch(Event.reading(1, AT, "777"), Event.reading(2, AT, "2")));
    awaitPassingFault(before + 1);
    assertThat(rig.durable(source)).isZero();
    assertThat(rig.letters(source)).isEmpty();

    mend();
    assertNothingLost(2);
  }

  @Test
  void a_statement_that_is_cancelled_is_waited_out() throws Exception {
    rig.send(source, source.batch(Event.reading(1, AT, "1")));
    awaitDurable(1);
    var before = rig.count("clarity_ingest_faults", "passing");
    try (var blocker = rig.connect();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("LOCK TABLE analytics.metrics_min IN ACCESS EXCLUSIVE MODE");
      rig.send(source, source.batch(Event.reading(2, AT, "2")));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  !rig.superuser()
                      .sql(
                          """
                          SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                          WHERE usename = 'clarity_service' AND wait_event_type = 'Lock'
                            AND datname = current_database()
                          """)
                      .query(Boolean.class)
                      .list()
                      .isEmpty());
      awaitPassingFault(before);
    }
    assertNothingLost(2);
  }

  @Test
  void connections_that_the_database_ends_are_made_again() {
    rig.start();
    for (var seq = 1; seq <= 5; seq++) {
      rig.send(source, source.batch(Event.reading(seq, AT, "1")));
      rig.superuser()
          .sql(
              """
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE usename = 'clarity_service' AND datname = current_database()
              """)
          .query(Boolean.class)
          .list();
    }
    assertNothingLost(5);
  }
}
