package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ClaimsTests {
  private static final int OFTEN_ENOUGH_TO_BE_PREPARED = 8;
  private JournalRig rig;

  @BeforeEach
  void begin() throws SQLException {
    rig = new JournalRig();
  }

  @AfterEach
  void end() {
    rig.close();
  }

  private List<Claims.Claimed> claim(int node, Claims.Mark above, int max) throws SQLException {
    try (var connection = rig.engine.getConnection()) {
      return Claims.claim(connection, node, rig.tenant, above, max, Long.MAX_VALUE, true);
    }
  }

  /// Otherwise a node could be ended between the look whether it lives and the claim.
  @Test
  void a_claim_holds_its_nodes_lock_until_it_is_durable_however_the_driver_sends_it()
      throws Exception {
    var node = rig.node();
    try (var connection = rig.engine.getConnection()) {
      for (var i = 0; i < OFTEN_ENOUGH_TO_BE_PREPARED; i++) {
        rig.write(node, JournalRig.accept(rig.intake(), false));
        assertThat(lockHeldWhileClaiming(connection, node)).as("claim %d", i).isTrue();
      }
    }
  }

  private boolean lockHeldWhileClaiming(Connection connection, int node) throws Exception {
    CompletableFuture<Integer> claimed;
    boolean held;
    try (var blocker = rig.database.superuserConnections().getConnection();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("LOCK TABLE maestro.node IN ACCESS EXCLUSIVE MODE");
      claimed =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return Claims.claim(
                          connection, node, rig.tenant, Claims.Mark.START, 10, Long.MAX_VALUE, true)
                      .size();
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      rig.database.awaitWaiting(1);
      held =
          rig.database
              .superuser()
              .sql(
                  """
                  SELECT EXISTS (SELECT FROM pg_locks
                    WHERE locktype = 'advisory' AND granted AND objid::bigint = :node
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                  """)
              .param("node", node)
              .query(Boolean.class)
              .single();
      blocker.rollback();
    }
    assertThat(claimed.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    return held;
  }

  @Test
  void executions_are_claimed_in_their_order_and_once() throws SQLException {
    var node = rig.node();
    var other = rig.node();
    var intakes = List.of(rig.intake(), rig.intake(), rig.intake());
    for (var intake : intakes) {
      rig.write(node, JournalRig.accept(intake, false));
    }
    var ids = intakes.stream().map(Intake::execution).sorted(java.util.UUID::compareTo).toList();
    var first = claim(node, Claims.Mark.START, 2);
    var rest = claim(other, Claims.Mark.START, 5);

    assertThat(first).hasSize(2);
    assertThat(rest).hasSize(1);
    assertThat(
            java.util.stream.Stream.concat(first.stream(), rest.stream())
                .map(one -> one.intake().execution())
                .sorted(java.util.UUID::compareTo)
                .toList())
        .isEqualTo(ids);
    assertThat(first.getFirst().readyAt()).isBeforeOrEqualTo(first.getLast().readyAt());
    assertThat(first).allMatch(one -> one.leaseEpoch() == 2);
    assertThat(claim(node, Claims.Mark.START, 5)).isEmpty();
  }

  @Test
  void what_is_committed_late_lies_below_the_mark_and_is_found_by_a_sweep() throws SQLException {
    var node = rig.node();
    var late = rig.intake();
    var early = rig.intake();
    rig.write(node, JournalRig.accept(early, false));
    var claimed = claim(node, Claims.Mark.START, 5).getFirst();
    // Another's clock is behind.
    rig.write(node, JournalRig.accept(late, false));
    rig.database
        .superuser()
        .sql(
            "UPDATE maestro.execution_open SET ready_at = ready_at - interval '1 min' WHERE execution_id = :id")
        .param("id", late.execution())
        .update();
    var mark = new Claims.Mark(claimed.readyAt(), claimed.intake().execution());

    assertThat(claim(node, mark, 5)).isEmpty();
    assertThat(claim(node, Claims.Mark.START, 5))
        .extracting(one -> one.intake().execution())
        .containsExactly(late.execution());
  }

  @Test
  void a_backlog_is_counted_up_to_a_limit_and_what_is_due_apart() throws SQLException {
    var node = rig.node();
    for (var i = 0; i < 5; i++) {
      rig.write(node, JournalRig.accept(rig.intake(), false));
    }
    var later = rig.intake();
    rig.write(node, JournalRig.accept(later, true));
    rig.write(node, JournalRig.pause(later, 1, 1, Instant.now().plusSeconds(60)));
    var none = rig.database.tenant("None");
    try (var connection = rig.engine.getConnection()) {
      var tenants = List.of(rig.tenant, none);
      assertThat(Claims.backlog(connection, tenants, 100))
          .containsEntry(rig.tenant, new Claims.Backlog(6, 5))
          .containsEntry(none, new Claims.Backlog(0, 0));
      assertThat(Claims.backlog(connection, tenants, 3))
          .containsEntry(rig.tenant, new Claims.Backlog(3, 3));
      assertThat(Claims.waiting(connection)).containsExactly(rig.tenant);
    }
  }

  @Test
  void what_waits_for_its_time_is_not_claimed_before_it() throws SQLException {
    var node = rig.node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    rig.write(node, JournalRig.pause(intake, 1, 1, Instant.now().plusSeconds(60)));
    assertThat(claim(node, Claims.Mark.START, 5)).isEmpty();

    rig.database.superuser().sql("UPDATE maestro.execution_open SET ready_at = now()").update();
    var claimed = claim(node, Claims.Mark.START, 5);
    assertThat(claimed).hasSize(1);
    assertThat(claimed.getFirst().workerUs()).isEqualTo(7);
    assertThat(claimed.getFirst().leaseEpoch()).isEqualTo(3);
  }

  @Test
  void a_node_that_was_ended_claims_nothing() throws SQLException {
    var node = rig.node();
    rig.write(node, JournalRig.accept(rig.intake(), false));
    rig.end(node);
    assertThat(claim(node, Claims.Mark.START, 5)).isEmpty();
  }

  @Test
  void a_claim_takes_the_first_as_far_as_their_journals_fit_and_one_at_least() throws SQLException {
    var node = rig.node();
    var large = "\"" + "a".repeat(998) + "\"";
    for (var i = 0; i < 5; i++) {
      var intake = rig.intake();
      rig.write(
          node,
          new JournalEntry.Accept(
              intake,
              false,
              false,
              List.of(JournalRig.line(0, LogLine.Kind.TRIGGER, null, large)),
              null));
    }
    try (var connection = rig.engine.getConnection()) {
      assertThat(claim(connection, node, 2_500)).as("two fit, the third does not").hasSize(2);
      assertThat(claim(connection, node, 1)).as("one at least").hasSize(1);
      assertThat(claim(connection, node, 2_000)).hasSize(2);
      assertThat(claim(connection, node, 2_000)).isEmpty();
    }
  }

  private List<Claims.Claimed> claim(Connection connection, int node, long charsMax)
      throws SQLException {
    return Claims.claim(connection, node, rig.tenant, Claims.Mark.START, 10, charsMax, true);
  }

  @Test
  void a_claim_whose_answer_was_lost_is_set_free_again_and_nothing_else_is() throws SQLException {
    var node = rig.node();
    var worked = rig.intake();
    var astray = rig.intake();
    rig.write(node, JournalRig.accept(worked, true));
    rig.write(node, JournalRig.accept(astray, false));
    claim(node, Claims.Mark.START, 5);
    var strays = new Strays(rig.engine, (of, held) -> held.execution().equals(worked.execution()));
    strays.suspect();

    await("it is set free")
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              strays.setFree(node);
              return rig.status(astray).equals("pending");
            });

    assertThat(rig.epoch(astray)).isEqualTo(3);
    assertThat(rig.status(worked)).isEqualTo("running");
    var stale = JournalRig.progress(astray, 2, 1);
    assertThat(rig.write(node, stale)).containsExactly(stale);
  }

  @Test
  void of_those_that_are_suspected_of_ending_their_process_a_claim_takes_the_first_or_none()
      throws SQLException {
    var node = rig.node();
    var first = suspected(node);
    var second = suspected(node);
    var plain = rig.intake();
    rig.write(node, JournalRig.accept(plain, false));
    // Those that are passed over take nobody's place.
    assertThat(claimedOf(node, 1, false)).containsExactly(plain.execution());
    var another = rig.intake();
    rig.write(node, JournalRig.accept(another, false));

    assertThat(claimedOf(node, 10, true)).containsExactly(first.execution(), another.execution());
    assertThat(claimedOf(node, 10, false)).isEmpty();
    assertThat(claimedOf(node, 10, true)).containsExactly(second.execution());
  }

  private Intake suspected(int node) throws SQLException {
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, false));
    rig.lost(intake, Claims.SUSPECT_FROM);
    return intake;
  }

  private List<java.util.UUID> claimedOf(int node, int max, boolean suspect) throws SQLException {
    try (var connection = rig.engine.getConnection()) {
      return Claims.claim(
              connection, node, rig.tenant, Claims.Mark.START, max, Long.MAX_VALUE, suspect)
          .stream()
          .map(one -> one.intake().execution())
          .toList();
    }
  }
}
