package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class JournalCommitTests {
  /// Beyond it the driver prepares statements on the server, and sends them otherwise.
  private static final int OFTEN_ENOUGH_TO_BE_PREPARED = 8;

  private static JournalRig rig;

  @BeforeAll
  static void begin() throws SQLException {
    rig = new JournalRig();
  }

  @AfterAll
  static void end() {
    rig.close();
  }

  @Test
  void of_a_group_of_which_a_statement_fails_nothing_is_left() throws SQLException {
    var node = rig.node();
    try (var connection = rig.engine.getConnection()) {
      for (var i = 0; i < OFTEN_ENOUGH_TO_BE_PREPARED; i++) {
        var before = rig.intake();
        JournalRig.write(connection, node, JournalRig.accept(before, true));
        var sound = rig.intake();
        var broken = JournalRig.broken(before);
        assertThatThrownBy(
                () -> JournalRig.write(connection, node, JournalRig.accept(sound, true), broken))
            .isInstanceOf(SQLException.class);
        assertThat(rig.status(sound)).isEqualTo("none");
        assertThat(rig.logIds(sound)).isEmpty();
        assertThat(rig.status(before)).isEqualTo("running");
        assertThat(rig.logIds(before)).containsExactly(0);
      }
    }
  }

  @Test
  void a_group_that_is_written_twice_changes_nothing_more_and_is_told_to_be_written()
      throws SQLException {
    var node = rig.node();
    var leased = rig.intake();
    var left = rig.intake();
    var paused = rig.intake();
    var ended = rig.intake();
    var pausedAt = Instant.now().plusSeconds(600);
    rig.write(node, JournalRig.accept(leased, true), JournalRig.accept(left, false));
    assertThat(
            rig.writeAgain(node, JournalRig.accept(leased, true), JournalRig.accept(left, false)))
        .isEmpty();
    rig.write(node, JournalRig.accept(paused, true), JournalRig.accept(ended, true));
    JournalEntry[] more = {
      JournalRig.progress(leased, 1, 1),
      JournalRig.pause(paused, 1, 1, pausedAt),
      JournalRig.end(ended, 1, 1)
    };
    rig.write(node, more);
    assertThat(rig.writeAgain(node, more)).isEmpty();
    assertThat(rig.status(leased)).isEqualTo("running");
    assertThat(rig.status(left)).isEqualTo("pending");
    assertThat(rig.status(paused)).isEqualTo("waiting");
    assertThat(rig.status(ended)).isEqualTo("success");
    assertThat(rig.epoch(paused)).isEqualTo(2);
    assertThat(rig.logIds(left)).containsExactly(0);
    for (var intake : List.of(leased, paused, ended)) {
      assertThat(rig.logIds(intake)).containsExactly(0, 1);
    }
  }

  @Test
  void what_is_of_another_epoch_is_told_to_be_lost_and_what_stands_beside_it_is_written()
      throws SQLException {
    var node = rig.node();
    var mine = rig.intake();
    var others = rig.intake();
    rig.write(node, JournalRig.accept(mine, true), JournalRig.accept(others, true));
    var stale = JournalRig.progress(others, 7, 1);
    var stalePause = JournalRig.pause(others, 7, 1, Instant.now());
    var staleEnd = JournalRig.end(others, 7, 1);

    assertThat(rig.write(node, stale, JournalRig.progress(mine, 1, 1), stalePause, staleEnd))
        .containsExactlyInAnyOrder(stale, stalePause, staleEnd);

    assertThat(rig.logIds(others)).containsExactly(0);
    assertThat(rig.logIds(mine)).containsExactly(0, 1);
  }

  @Test
  void what_another_node_holds_under_the_same_epoch_is_told_to_be_lost() throws SQLException {
    var node = rig.node();
    var other = rig.node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    var again = JournalRig.accept(intake, true);
    var stranger = JournalRig.progress(intake, 1, 1);
    var strangerEnd = JournalRig.end(intake, 1, 1);

    assertThat(rig.writeAgain(other, again)).containsExactly(again);
    assertThat(rig.write(other, stranger)).containsExactly(stranger);
    assertThat(rig.write(other, strangerEnd)).containsExactly(strangerEnd);

    assertThat(rig.status(intake)).isEqualTo("running");
    assertThat(rig.logIds(intake)).containsExactly(0);
  }

  /// Begun before it is taken in, and taken in meanwhile by another request with the same key.
  @Test
  void what_another_request_took_in_gets_no_line_of_the_one_that_came_too_late()
      throws SQLException {
    var node = rig.node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, false));
    var first = JournalRig.line(1, LogLine.Kind.INTENT, "call", null);
    var late =
        new JournalEntry.Accept(
            intake,
            true,
            true,
            List.of(JournalRig.line(0, LogLine.Kind.TRIGGER, null, "{}"), first),
            first);

    assertThat(rig.write(node, late)).containsExactly(late);

    assertThat(rig.logIds(intake)).containsExactly(0);
    assertThat(rig.status(intake)).isEqualTo("pending");
  }

  @Test
  void a_node_that_was_ended_takes_nothing_in_and_writes_nothing() throws SQLException {
    var node = rig.node();
    var before = rig.intake();
    rig.write(node, JournalRig.accept(before, true));
    rig.end(node);
    var late = JournalRig.progress(before, 1, 1);
    var lateEnd = JournalRig.end(before, 1, 1);
    var accept = JournalRig.accept(rig.intake(), true);

    assertThat(rig.write(node, late, lateEnd, accept))
        .containsExactlyInAnyOrder(late, lateEnd, accept);

    assertThat(rig.status(before)).isEqualTo("pending");
    assertThat(rig.logIds(before)).containsExactly(0);
    assertThat(rig.status(accept.intake)).isEqualTo("none");
  }

  @Test
  void a_cancel_waits_for_a_commit_under_way_and_nothing_is_written_after_it() throws Exception {
    var node = rig.node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    CompletableFuture<Void> canceled;
    try (var connection = rig.engine.getConnection()) {
      connection.setAutoCommit(false);
      JournalRig.write(connection, node, JournalRig.progress(intake, 1, 1));
      canceled =
          CompletableFuture.runAsync(
              () -> {
                try (var own = rig.engine.getConnection()) {
                  Interventions.cancel(
                      own,
                      node,
                      rig.tenant,
                      List.of(intake.execution()),
                      "Canceled",
                      Instant.now(),
                      ref -> null);
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      rig.database.awaitWaiting(1);
      assertThat(canceled).isNotDone();
      connection.commit();
    }
    canceled.get(30, TimeUnit.SECONDS);
    var late = JournalRig.progress(intake, 1, 2);
    var lateEnd = JournalRig.end(intake, 1, 2);

    assertThat(rig.write(node, late)).containsExactly(late);
    assertThat(rig.write(node, lateEnd)).containsExactly(lateEnd);

    assertThat(rig.status(intake)).isEqualTo("canceled");
    // The trigger, the step under way, and that it was canceled.
    assertThat(rig.logIds(intake)).containsExactly(0, 1, 2);
  }
}
