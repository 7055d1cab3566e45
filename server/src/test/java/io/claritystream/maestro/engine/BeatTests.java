package io.claritystream.maestro.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a process does beside its lease takes nothing from it.
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
    var ended =
        rig.server
            .database()
            .superuser()
            .sql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'clarity-engine-lease'
                """)
            .query(Integer.class)
            .single();
    assertThat(ended).isEqualTo(1);
    keepsItsLease();
    assertThat(lease.node()).isEqualTo(node);
  }
}
