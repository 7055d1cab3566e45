package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CancelTests {
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

  private List<ExecutionRef> cancel(Connection connection, int teller, Intake... intakes)
      throws SQLException {
    return cancel(connection, Instant.now(), CancelTests::named, teller, intakes);
  }

  private List<ExecutionRef> cancel(
      Connection connection,
      Instant now,
      Interventions.Telling telling,
      int teller,
      Intake... intakes)
      throws SQLException {
    return Interventions.cancel(
        connection,
        teller,
        rig.tenant,
        java.util.Arrays.stream(intakes).map(Intake::execution).toList(),
        "Canceled",
        now,
        telling);
  }

  private static byte[] named(ExecutionRef canceled) {
    return canceled.execution().toString().getBytes(StandardCharsets.UTF_8);
  }

  /// Otherwise the process that holds it could write after the cancel.
  @Test
  void a_cancel_holds_the_lock_of_the_process_until_it_is_durable_however_the_driver_sends_it()
      throws Exception {
    var node = rig.node();
    try (var connection = rig.engine.getConnection()) {
      for (var i = 0; i < OFTEN_ENOUGH_TO_BE_PREPARED; i++) {
        var intake = rig.intake();
        rig.write(node, JournalRig.accept(intake, true));
        assertThat(lockHeldWhileCanceling(connection, node, intake)).as("cancel %d", i).isTrue();
        assertThat(connection.getAutoCommit()).as("nobody has to end it").isTrue();
        assertThat(rig.status(intake)).isEqualTo("canceled");
      }
    }
  }

  private boolean lockHeldWhileCanceling(Connection connection, int node, Intake intake)
      throws Exception {
    CompletableFuture<Integer> canceled;
    boolean held;
    try (var blocker = rig.database.superuserConnections().getConnection();
        var statement = blocker.createStatement()) {
      blocker.setAutoCommit(false);
      statement.execute("LOCK TABLE maestro.execution_outbox IN ACCESS EXCLUSIVE MODE");
      canceled =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return cancel(connection, node, intake).size();
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
                    WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' AND granted
                      AND objid::bigint = :node
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
                  """)
              .param("node", node)
              .query(Boolean.class)
              .single();
      blocker.rollback();
    }
    assertThat(canceled.get(30, TimeUnit.SECONDS)).isEqualTo(1);
    return held;
  }

  @Test
  void one_that_goes_to_another_process_meanwhile_is_left_and_nobody_is_told() throws Exception {
    var node = rig.node();
    var other = rig.node();
    var intake = rig.intake();
    rig.write(node, JournalRig.accept(intake, true));
    CompletableFuture<List<ExecutionRef>> canceled;
    try (var commits = rig.database.superuserConnections().getConnection();
        var statement = commits.prepareStatement("SELECT pg_advisory_xact_lock_shared(?, ?)")) {
      commits.setAutoCommit(false);
      statement.setInt(1, JournalCommit.LOCK);
      statement.setInt(2, node);
      statement.execute();
      canceled =
          CompletableFuture.supplyAsync(
              () -> {
                try (var connection = rig.engine.getConnection()) {
                  return cancel(connection, node, intake);
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              });
      rig.database.awaitWaiting(1);
      rig.database
          .superuser()
          .sql("UPDATE maestro.execution_open SET node_id = :other")
          .param("other", other)
          .update();
      commits.rollback();
    }
    assertThat(canceled.get(30, TimeUnit.SECONDS)).isEmpty();
    assertThat(rig.status(intake)).isEqualTo("running");
    assertThat(told()).isEmpty();
  }

  @Test
  void only_what_is_open_and_the_tenants_own_is_canceled() throws SQLException {
    var node = rig.node();
    var running = rig.intake();
    var pending = rig.intake();
    var ended = rig.intake();
    var stranger = rig.intake(rig.database.tenant("Stranger"));
    rig.write(node, JournalRig.accept(running, true));
    rig.write(node, JournalRig.accept(pending, false));
    rig.write(node, JournalRig.accept(ended, true));
    rig.write(node, JournalRig.end(ended, 1, 1));
    rig.write(node, JournalRig.accept(stranger, true));

    try (var connection = rig.engine.getConnection()) {
      assertThat(cancel(connection, node, running, pending, ended, stranger))
          .extracting(ExecutionRef::execution)
          .containsExactlyInAnyOrder(running.execution(), pending.execution());
      assertThat(cancel(connection, node, running, pending, ended, stranger)).isEmpty();
    }

    assertThat(told())
        .containsExactlyInAnyOrder(running.execution().toString(), pending.execution().toString());
    assertThat(rig.status(ended)).isEqualTo("success");
    assertThat(rig.status(stranger)).isEqualTo("running");
    assertThat(rig.logIds(running)).containsExactly(0, 1);
  }

  /// Two people saw all of it open; one of them comes first, and one execution ends by itself.
  @Test
  void each_that_is_canceled_is_told_of_once_and_no_other() throws Exception {
    var node = rig.node();
    var running = rig.intake();
    var pending = rig.intake();
    var ends = rig.intake();
    rig.write(node, JournalRig.accept(running, true));
    rig.write(node, JournalRig.accept(pending, false));
    rig.write(node, JournalRig.accept(ends, true));

    var now = Instant.now();
    List<CompletableFuture<List<ExecutionRef>>> both;
    try (var commits = rig.engine.getConnection()) {
      commits.setAutoCommit(false);
      JournalRig.write(commits, node, JournalRig.end(ends, 1, 1));
      both =
          List.of(
              cancelMeanwhile(now, node, running, pending, ends),
              cancelMeanwhile(now, node, running, pending, ends));
      rig.database.awaitWaiting(2);
      commits.commit();
    }

    var canceled = new ArrayList<String>();
    for (var one : both) {
      one.get(30, TimeUnit.SECONDS).forEach(ref -> canceled.add(ref.execution().toString()));
    }
    assertThat(canceled)
        .containsExactlyInAnyOrder(running.execution().toString(), pending.execution().toString());
    assertThat(told()).containsExactlyInAnyOrderElementsOf(canceled);
    assertThat(rig.status(ends)).isEqualTo("success");
  }

  /// By two clocks that say the same.
  private CompletableFuture<List<ExecutionRef>> cancelMeanwhile(
      Instant now, int teller, Intake... intakes) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (var connection = rig.engine.getConnection()) {
            return cancel(connection, now, CancelTests::named, teller, intakes);
          } catch (SQLException e) {
            throw new IllegalStateException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  @Test
  void what_nobody_is_told_of_is_canceled_all_the_same_and_shifts_no_others_events()
      throws Exception {
    var node = rig.node();
    var intakes = new Intake[] {rig.intake(), rig.intake(), rig.intake()};
    for (var intake : intakes) {
      rig.write(node, JournalRig.accept(intake, true));
    }
    var holds = rig.intake();
    rig.write(node, JournalRig.accept(holds, true));
    var asked = new CopyOnWriteArrayList<ExecutionRef>();
    CompletableFuture<List<ExecutionRef>> canceled;
    try (var commits = rig.engine.getConnection()) {
      commits.setAutoCommit(false);
      JournalRig.write(commits, node, JournalRig.progress(holds, 1, 1));
      canceled =
          CompletableFuture.supplyAsync(
              () -> {
                try (var connection = rig.engine.getConnection()) {
                  return cancel(
                      connection,
                      Instant.now(),
                      ref -> {
                        asked.add(ref);
                        return asked.size() == 1 ? null : named(ref);
                      },
                      node,
                      intakes);
                } catch (SQLException e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> Thread.ofVirtual().start(task));
      rig.database.awaitWaiting(1);
      var ends = asked.get(1).execution();
      for (var intake : intakes) {
        if (intake.execution().equals(ends)) {
          JournalRig.write(commits, node, JournalRig.end(intake, 1, 1));
        }
      }
      commits.commit();
    }
    assertThat(canceled.get(30, TimeUnit.SECONDS))
        .containsExactlyInAnyOrder(asked.get(0), asked.get(2));
    assertThat(told()).containsExactly(asked.get(2).execution().toString());
  }

  private List<String> told() {
    return rig.database
        .superuser()
        .sql("SELECT convert_from(events, 'UTF8') FROM maestro.execution_outbox")
        .query(String.class)
        .list();
  }
}
