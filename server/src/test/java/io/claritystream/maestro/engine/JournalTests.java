package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What becomes of entries that are committed together, of which one is refused, or when the
/// database goes away meanwhile.
@Timeout(120)
class JournalTests {
  private static JournalRig rig;

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicBoolean stands = new AtomicBoolean(true);
  private Journal journal;
  private int node;

  @BeforeAll
  static void beginAll() throws SQLException {
    rig = new JournalRig();
  }

  @AfterAll
  static void endAll() {
    rig.close();
  }

  @BeforeEach
  void begin() throws SQLException {
    node = rig.node();
    journal = new Journal(rig.engine, null, of -> stands.get(), () -> {}, 1, meters);
  }

  @AfterEach
  void end() {
    journal.close();
  }

  /// Gives them before there is anybody to take them, so that they are one group.
  private List<JournalEntry.Outcome> together(JournalEntry... entries) {
    for (var entry : entries) {
      journal.give(entry, node);
    }
    journal.start();
    var outcomes = new ArrayList<JournalEntry.Outcome>();
    for (var entry : entries) {
      outcomes.add(entry.await());
    }
    return outcomes;
  }

  private Intake taken() throws SQLException {
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    return intake;
  }

  private double groups() {
    return meters.get("clarity_maestro_commit_entries").summary().count();
  }

  @Test
  void what_waits_together_is_one_commit() throws SQLException {
    var first = taken();
    var second = taken();

    var outcomes = together(JournalRig.progress(first, 1, 1), JournalRig.end(second, 1, 1));

    assertThat(outcomes).allMatch(JournalEntry.Outcome.Committed.class::isInstance);
    assertThat(groups()).isEqualTo(1);
    assertThat(rig.logIds(first)).containsExactly(0, 1);
    assertThat(rig.status(second)).isEqualTo("success");
  }

  @Test
  void an_entry_that_the_database_refuses_is_refused_alone() throws SQLException {
    var before = taken();
    var refused = taken();
    var after = taken();

    var outcomes =
        together(
            JournalRig.progress(before, 1, 1),
            JournalRig.broken(refused),
            JournalRig.end(after, 1, 1));

    assertThat(outcomes.get(0)).isInstanceOf(JournalEntry.Outcome.Committed.class);
    assertThat(outcomes.get(1)).isInstanceOf(JournalEntry.Outcome.Refused.class);
    assertThat(outcomes.get(2)).isInstanceOf(JournalEntry.Outcome.Committed.class);
    assertThat(rig.logIds(before)).containsExactly(0, 1);
    assertThat(rig.status(refused)).isEqualTo("running");
    assertThat(rig.logIds(refused)).containsExactly(0);
    assertThat(rig.status(after)).isEqualTo("success");
  }

  /// Its answer may have been lost, though it was written.
  @Test
  void a_group_whose_connection_breaks_is_written_again_and_once() throws Exception {
    var first = taken();
    var second = taken();
    List<JournalEntry> entries =
        List.of(JournalRig.progress(first, 1, 1), JournalRig.end(second, 1, 1));
    entries.forEach(entry -> journal.give(entry, node));
    try (var other = rig.engine.getConnection()) {
      other.setAutoCommit(false);
      hold(other);
      journal.start();
      rig.database.awaitWaiting(1);
      assertThat(rig.database.endSessions("wait_event = 'advisory'")).isPositive();
      rig.database.awaitWaiting(1);
      other.rollback();
    }
    for (var entry : entries) {
      assertThat(entry.await()).isInstanceOf(JournalEntry.Outcome.Committed.class);
    }
    assertThat(rig.logIds(first)).containsExactly(0, 1);
    assertThat(rig.logIds(second)).containsExactly(0, 1);
    assertThat(rig.status(second)).isEqualTo("success");
  }

  @Test
  void a_group_whose_lease_is_over_when_its_connection_breaks_is_lost() throws Exception {
    var intake = taken();
    var entry = JournalRig.progress(intake, 1, 1);
    journal.give(entry, node);
    try (var other = rig.engine.getConnection()) {
      other.setAutoCommit(false);
      hold(other);
      journal.start();
      rig.database.awaitWaiting(1);
      stands.set(false);
      assertThat(rig.database.endSessions("wait_event = 'advisory'")).isPositive();
      assertThat(entry.await()).isInstanceOf(JournalEntry.Outcome.Lost.class);
      other.rollback();
    }
    assertThat(rig.logIds(intake)).containsExactly(0);
  }

  @Test
  void what_is_given_to_a_journal_that_closed_is_lost() throws SQLException {
    journal.start();
    journal.close();
    var entry = JournalRig.progress(taken(), 1, 1);
    assertThat(journal.write(entry, node)).isInstanceOf(JournalEntry.Outcome.Lost.class);
  }

  /// What takes executions away from this node waits for commits, and they for it.
  private void hold(java.sql.Connection connection) throws SQLException {
    try (var lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(?, ?)")) {
      lock.setInt(1, JournalCommit.LOCK);
      lock.setInt(2, node);
      lock.execute();
    }
  }
}
