package io.claritystream.stream.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.claritystream.base.db.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/// PostgreSQL lets a COPY wait for its client for ever.
class StoppedCopiesTests {
  private static final Duration SOON = Duration.ofSeconds(20);
  private static final Duration AT_ONCE = Duration.ZERO;

  @Test
  void a_copy_that_nobody_goes_on_with_is_ended_and_what_it_held_is_free() throws Exception {
    try (var database = TestDatabase.create();
        var next = database.dataSource("service").getConnection()) {
      var stopped = database.dataSource("service").getConnection();
      var checkpoints = new Checkpoints();
      var topic = UUID.randomUUID();
      checkpoints.position(next, topic, 0, Instant.now());
      stopped.setAutoCommit(false);
      assertThat(checkpoints.fence(stopped, topic, 0, 0, 1, Instant.now())).isTrue();
      var copy = beginCopy(stopped);
      var copies = new StoppedCopies(database.dataSource("service"));
      await("the COPY waits for rows").atMost(SOON).until(() -> copies.end(AT_ONCE) == 1);

      assertThat(checkpoints.fence(next, topic, 0, 0, 1, Instant.now())).isTrue();
      assertThatThrownBy(copy::endCopy).isInstanceOf(SQLException.class);
      stopped.abort(Runnable::run);
    }
  }

  @Test
  void a_copy_that_began_just_now_and_what_computes_or_waits_for_a_lock_are_left_alone()
      throws Exception {
    try (var database = TestDatabase.create();
        var holding = database.dataSource("service").getConnection();
        var waiting = database.dataSource("service").getConnection()) {
      var copies = new StoppedCopies(database.dataSource("service"));
      var copying = database.dataSource("service").getConnection();
      copying.setAutoCommit(false);
      var copy = beginCopy(copying);
      assertThat(copies.end(SOON)).isZero();

      holding.setAutoCommit(false);
      try (var statement = holding.createStatement()) {
        statement.execute("SELECT pg_advisory_xact_lock(4711)");
        var computed =
            CompletableFuture.supplyAsync(
                () -> {
                  try (var locked = waiting.createStatement()) {
                    return locked.execute("SELECT pg_advisory_lock(4711)");
                  } catch (SQLException e) {
                    throw new IllegalStateException(e);
                  }
                });
        await("it waits for the lock")
            .atMost(SOON)
            .until(
                () ->
                    database
                        .superuser()
                        .sql(
                            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
                        .query(Boolean.class)
                        .single());
        // The COPY alone is ended: the others are idle or wait for what is not their client.
        await().atMost(SOON).until(() -> copies.end(AT_ONCE) == 1);
        assertThat(copies.end(AT_ONCE)).isZero();
        holding.commit();
        assertThat(computed.get()).isTrue();
        assertThatThrownBy(copy::endCopy).isInstanceOf(SQLException.class);
        copying.abort(Runnable::run);
      }
    }
  }

  private static CopyIn beginCopy(Connection connection) throws SQLException {
    var copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("COPY control.checkpoint_partition (topic_id) FROM STDIN");
    var half = "half a row".getBytes(StandardCharsets.UTF_8);
    copy.writeToCopy(half, 0, half.length);
    copy.flushCopy();
    return copy;
  }
}
