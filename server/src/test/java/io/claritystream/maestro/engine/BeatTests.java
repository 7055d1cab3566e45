package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a process does beside its lease takes nothing from it; without one it takes nothing in, and
/// whoever waits for what was taken away is told.
class BeatTests {
  private static final Duration TERM = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private EngineRig rig;
  private NodeLease lease;

  @BeforeEach
  void begin() {
    rig = EngineRig.start(Map.of("clarity.maestro.lease-term", TERM.toMillis() + "ms"));
    lease = rig.server.bean(NodeLease.class);
    await("it is a node").atMost(PATIENCE).until(lease::held);
  }

  @AfterEach
  void end() {
    rig.close();
  }

  /// The lease is kept for three terms from now, and at each look in between.
  private void keepsItsLease() {
    var node = lease.node();
    var endNs = System.nanoTime() + TERM.multipliedBy(3).toNanos();
    await("three terms are over")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              assertThat(lease.held()).isTrue();
              assertThat(lease.node()).isEqualTo(node);
              return System.nanoTime() - endNs > 0;
            });
  }

  @Test
  void who_cannot_get_a_connection_of_the_pool_keeps_its_lease() throws SQLException {
    var engine = rig.server.bean("engineDataSource", DataSource.class);
    var all = new ArrayList<Connection>();
    try {
      for (var i = 0; i < ((com.zaxxer.hikari.HikariDataSource) engine).getMaximumPoolSize(); i++) {
        all.add(engine.getConnection());
      }
      keepsItsLease();
    } finally {
      for (var connection : all) {
        connection.close();
      }
    }
  }

  @Test
  void days_that_cannot_be_made_for_others_locks_cost_nobody_the_lease() throws SQLException {
    try (var other = rig.server.database().superuserConnections().getConnection();
        var statement = other.createStatement()) {
      other.setAutoCommit(false);
      // As an older day is dropped.
      statement.execute("SELECT pg_advisory_xact_lock(hashtextextended('maestro.create_day', 0))");
      var days = new HistoryDays(rig.server.bean("engineDataSource", DataSource.class));
      var beganNs = System.nanoTime();
      assertThat(refused(days)).contains("lock timeout");
      assertThat(Duration.ofNanos(System.nanoTime() - beganNs)).isLessThan(Duration.ofSeconds(4));
      assertThat(days.there()).isFalse();
      keepsItsLease();
    }
  }

  private static String refused(HistoryDays days) {
    try {
      days.ensure(java.time.Instant.now());
      return "";
    } catch (SQLException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void a_broken_connection_is_made_anew_within_the_term() {
    var node = lease.node();
    var ended = rig.server.database().endSessions("application_name = 'clarity-engine-lease'");
    assertThat(ended).isEqualTo(1);
    keepsItsLease();
    assertThat(lease.node()).isEqualTo(node);
  }

  @Test
  void while_the_lease_is_not_held_nothing_is_taken_in_and_the_caller_is_told_when_to_try_again()
      throws SQLException {
    var workflow = rig.publish(calling("https://example.com/"));
    try (var other = rig.server.database().superuserConnections().getConnection();
        var statement = other.createStatement()) {
      other.setAutoCommit(false);
      statement.execute("LOCK TABLE maestro.node IN ACCESS EXCLUSIVE MODE");
      await("its lease is over").atMost(PATIENCE).until(() -> !lease.held());

      var refused = rig.call(workflow, Map.of("a", 1));

      assertThat(refused.status()).as(refused.response().body()).isEqualTo(503);
      assertThat(refused.text("code")).isEqualTo("unavailable");
      assertThat(refused.header("Retry-After")).isNotEmpty();
      other.rollback();
    }
    assertThat(executions()).isZero();
    await("it is taken in")
        .atMost(PATIENCE)
        .until(() -> rig.call(workflow, Map.of("a", 1)).status() != 503);
    assertThat(executions()).isEqualTo(1);
  }

  @Test
  void a_caller_whose_execution_is_taken_away_is_told_so_and_the_execution_goes_on()
      throws Exception {
    try (var receiver = new Receiver()) {
      receiver.does(call -> Receiver.NEVER);
      var workflow = rig.publish(calling(receiver.url("/")));
      var node = lease.node();
      var called = CompletableFuture.supplyAsync(() -> rig.call(workflow, Map.of("a", 1)));
      await("it calls").atMost(PATIENCE).until(() -> receiver.calls.size() == 1);
      receiver.does(call -> new Receiver.Reply(200, "{}"));
      endAsAnother(node);

      var told = called.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);

      assertThat(told.status()).as(told.response().body()).isEqualTo(502);
      assertThat(told.text("detail")).contains("goes on elsewhere");
      var id = rig.server.database().superuser().sql(ALL).query(UUID.class).single();
      assertThat(told.text("detail")).contains(id.toString());
      assertThat(rig.ended(id).at("/status").asString()).isEqualTo("success");
      assertThat(receiver.calls).hasSize(2);
      assertThat(receiver.calls.get(1).key()).isEqualTo(receiver.calls.get(0).key());
    }
  }

  /// As another process does with one that said nothing for its term. A beat may come between.
  private void endAsAnother(int node) throws SQLException {
    var engine = rig.server.bean("engineDataSource", DataSource.class);
    var another = new NodeLease(engine, engine, "another", Duration.ZERO);
    another.join();
    await("it is ended")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              rig.server
                  .database()
                  .superuser()
                  .sql(
                      "UPDATE maestro.node SET expires_at = now() - interval '1 s' WHERE node_id = :node")
                  .param("node", node)
                  .update();
              another.endExpired();
              return lease.node() != node;
            });
  }

  private static final String ALL = "SELECT execution_id FROM maestro.execution";

  private long executions() {
    return rig.server.database().superuser().sql(ALL).query(UUID.class).list().size();
  }

  /// Its caller is answered by the workflow.
  private static String calling(String url) {
    return """
        {"name": "Calls",
         "triggers": [{"id": "hook", "type": "webhook", "config": {"respond": "respond_step", "timeout_s": 60}}],
         "steps": [
           {"id": "call", "type": "http_request", "timeout_ms": 120000, "config": {"method": "PUT", "url": "%s"}},
           {"id": "answer", "type": "respond", "config": {"body": 1}}],
         "edges": [{"from": "hook", "to": "call"}, {"from": "call", "to": "answer"}]}
        """
        .formatted(url);
  }
}
