package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeLeaseTests {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private JournalRig rig;

  @BeforeEach
  void begin() throws SQLException {
    rig = new JournalRig();
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private NodeLease joined(Duration term) throws SQLException {
    var lease = new NodeLease(rig.engine, rig.engine, "test", term);
    lease.join();
    return lease;
  }

  @Test
  void whose_term_is_over_by_the_databases_clock_is_ended_and_joins_anew() throws SQLException {
    var one = joined(Duration.ofMinutes(5));
    var before = one.node();
    var intake = rig.intake();
    rig.write(before, JournalRig.accept(intake, true));
    var other = joined(Duration.ZERO);

    assertThat(other.endExpired()).as("it has beaten within its term").isZero();
    assertThat(one.beat()).isTrue();
    rig.expire(before);
    assertThat(other.endExpired()).isEqualTo(1);
    assertThat(rig.status(intake)).isEqualTo("pending");
    assertThat(rig.epoch(intake)).isEqualTo(2);

    assertThat(one.beat()).as("it has been ended").isFalse();
    one.join();
    assertThat(one.node()).isGreaterThan(before);
    assertThat(one.beat()).isTrue();
  }

  @Test
  void who_beats_in_time_after_all_is_not_ended() throws SQLException {
    var one = joined(Duration.ofMinutes(5));
    rig.expire(one.node());
    assertThat(one.beat()).isTrue();
    assertThat(joined(Duration.ZERO).endExpired()).isZero();
    assertThat(one.beat()).isTrue();
  }

  @Test
  void who_joined_lately_or_was_cut_off_waits_a_term_before_it_blames_others() throws SQLException {
    var silent = joined(Duration.ofMinutes(5)).node();
    var intake = rig.intake();
    rig.write(silent, JournalRig.accept(intake, true));
    rig.expire(silent);
    var term = Duration.ofMillis(700);
    var joinedNs = System.nanoTime();
    var one = joined(term);
    assertThat(one.endExpired()).isZero();
    await("it has been there for a term")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> one.endExpired() == 1);
    assertThat(System.nanoTime() - joinedNs).isGreaterThanOrEqualTo(term.toNanos());

    // Its own term is over by now or soon, as after the database was away.
    await("it holds nothing for certain").atMost(PATIENCE).until(() -> !one.held());
    var next = joined(Duration.ofMinutes(5)).node();
    rig.expire(next);
    assertThat(one.beat()).isTrue();
    assertThat(one.endExpired()).isZero();
    assertThat(alive(next)).isTrue();
  }

  @Test
  void what_a_process_holds_for_certain_ends_before_the_database_says_so() throws SQLException {
    var lease = joined(Duration.ofSeconds(2));
    assertThat(lease.held()).isTrue();
    await("it is not certain any more").atMost(PATIENCE).until(() -> !lease.held());
    assertThat(alive(lease.node())).isTrue();
    assertThat(lease.beat()).isTrue();
    assertThat(lease.held()).isTrue();
  }

  @Test
  void who_leaves_sets_its_executions_and_slots_free() throws SQLException {
    var lease = joined(Duration.ofMinutes(5));
    var intake = rig.intake();
    rig.write(lease.node(), JournalRig.accept(intake, true));
    lease.leave();
    assertThat(rig.status(intake)).isEqualTo("pending");
    assertThat(alive(lease.node())).isFalse();
    assertThat(lease.held()).isFalse();
  }

  @Test
  void a_process_that_is_lost_is_counted_for_what_it_held_and_one_that_leaves_is_not()
      throws SQLException {
    var intake = rig.intake();
    var lost = joined(Duration.ofMinutes(5)).node();
    rig.write(lost, JournalRig.accept(intake, true));
    rig.end(lost);
    assertThat(rig.takeovers(intake)).isEqualTo(1);

    var leaves = joined(Duration.ofMinutes(5));
    try (var connection = rig.engine.getConnection()) {
      Claims.claim(
          connection, leaves.node(), rig.tenant, Claims.Mark.START, 1, Long.MAX_VALUE, true);
    }
    leaves.leave();
    assertThat(rig.status(intake)).isEqualTo("pending");
    assertThat(rig.takeovers(intake)).isEqualTo(1);
  }

  /// Each of these processes ends as soon as it works on the poison, and knows no more of what it
  /// was than the database does.
  @Test
  void what_waits_beside_an_execution_that_ends_its_processes_comes_to_its_end()
      throws SQLException {
    var poison = rig.intake();
    var innocents = List.of(rig.intake(), rig.intake(), rig.intake());
    var first = joined(Duration.ofMinutes(5)).node();
    rig.write(first, JournalRig.accept(poison, false));
    for (var innocent : innocents) {
      rig.write(first, JournalRig.accept(innocent, false));
    }
    var ended = new ArrayList<Claims.Claimed>();
    while (ended.size() < 4) {
      var node = joined(Duration.ofMinutes(5)).node();
      var claimed = claimed(node);
      if (claimed.stream()
          .anyMatch(
              one ->
                  one.intake().execution().equals(poison.execution())
                      && one.takeovers() < EngineNode.TAKEOVERS_MAX)) {
        rig.end(node);
      } else {
        assertThat(claimed).as("whoever is not lost gets on").isNotEmpty();
        for (var one : claimed) {
          rig.write(node, JournalRig.end(one.intake(), one.leaseEpoch(), 1));
        }
        ended.addAll(claimed);
      }
    }
    assertThat(ended)
        .filteredOn(one -> !one.intake().execution().equals(poison.execution()))
        .hasSize(3)
        .allMatch(one -> one.takeovers() <= Claims.SUSPECT_FROM);
  }

  private List<Claims.Claimed> claimed(int node) throws SQLException {
    try (var connection = rig.engine.getConnection()) {
      return Claims.claim(
          connection, node, rig.tenant, Claims.Mark.START, 10, Long.MAX_VALUE, true);
    }
  }

  @Test
  void what_has_come_so_far_that_it_waits_is_suspected_no_more() throws SQLException {
    var node = joined(Duration.ofMinutes(5)).node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    rig.lost(intake, EngineNode.TAKEOVERS_MAX - 1);
    rig.write(node, JournalRig.pause(intake, 1, 1, Instant.now()));
    assertThat(rig.takeovers(intake)).isZero();
  }

  /// As a process does that was stopped while it sent a group.
  @Test
  void a_session_that_holds_the_lock_of_an_expired_node_is_ended_and_holds_nobody_up()
      throws SQLException {
    var stopped = joined(Duration.ofMinutes(5)).node();
    var intake = rig.intake();
    rig.write(stopped, JournalRig.accept(intake, true));
    var other = joined(Duration.ZERO);
    var session = rig.engine.getConnection();
    try {
      session.setAutoCommit(false);
      JournalRig.write(session, stopped, JournalRig.progress(intake, 1, 1));
      rig.expire(stopped);
      var beganNs = System.nanoTime();
      await("the node is ended")
          .atMost(PATIENCE)
          .until(
              () -> {
                var lookedNs = System.nanoTime();
                var freed = other.endExpired();
                assertThat(Duration.ofNanos(System.nanoTime() - lookedNs))
                    .as("meanwhile nobody beats")
                    .isLessThan(Duration.ofSeconds(4));
                return freed == 1;
              });
      assertThat(Duration.ofNanos(System.nanoTime() - beganNs)).isLessThan(PATIENCE);
      assertThat(rig.status(intake)).isEqualTo("pending");
      assertThat(rig.logIds(intake)).containsExactly(0);
      assertThat(session.isValid(5)).isFalse();
    } finally {
      // Broken, it is not given back to the pool.
      session.abort(Runnable::run);
    }
  }

  private boolean alive(int node) {
    return rig.database
        .superuser()
        .sql("SELECT ended_at IS NULL FROM maestro.node WHERE node_id = :node")
        .param("node", node)
        .query(Boolean.class)
        .single();
  }
}
