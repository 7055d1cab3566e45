package io.claritystream.maestro.engine;

import io.claritystream.base.process.LastResort;
import io.claritystream.stream.bus.Feed;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Brings the outbox to Kafka: what became of executions, once or more often, an execution's events
/// in their order as long as one process works on it. A row leaves the outbox when all its events
/// are on the topic.
///
/// Each process sends what it wrote itself; what processes left behind that have ended is sent by
/// whoever has the lease for that.
final class OutboxPublisher implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OutboxPublisher.class);
  private static final int ROWS_AT_A_TIME = 200;
  private static final Duration LOOK_EVERY = Duration.ofSeconds(2);
  /// Between two looks that found something: a look for each commit would cost more than the
  /// commit.
  private static final Duration GATHER = Duration.ofMillis(20);

  private static final Duration LEFT_EVERY = Duration.ofSeconds(5);
  private static final Duration ACKNOWLEDGED_WITHIN = Duration.ofSeconds(10);
  private static final Duration STOP_MAX = Duration.ofSeconds(3);

  /// Above what was sent last: rows that were sent are gone, and their dead versions need not be
  /// passed over. Rows that became visible late lie below, and are found by a look from the start.
  private static final String OWN =
      """
      SELECT outbox_id, events FROM maestro.execution_outbox
      WHERE node_id = ? AND outbox_id > ? ORDER BY outbox_id LIMIT ?
      """;

  private static final String LEFT =
      """
      SELECT outbox_id, events FROM maestro.execution_outbox o
      WHERE outbox_id > ? AND NOT EXISTS (
        SELECT FROM maestro.node n WHERE n.node_id = o.node_id AND n.ended_at IS NULL)
      ORDER BY outbox_id LIMIT ?
      """;

  private static final String LEASE =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('maestro.execution_outbox', 0))";

  /// Nobody waits for the disk: a row that comes back after a crash is sent again, as it would be
  /// had the process ended a little earlier.
  private static final String DELETE =
      """
      SELECT set_config('synchronous_commit', 'off', true);
      DELETE FROM maestro.execution_outbox WHERE outbox_id = ANY (?)
      """;

  private final DataSource engine;
  private final Feed feed;
  private final NodeLease lease;
  private final Counter published;
  private final Semaphore written = new Semaphore(0);
  private volatile boolean closing;
  private @Nullable Thread publisher;

  /// A row, and its events.
  private record Row(long id, byte[] events) {}

  OutboxPublisher(DataSource engine, Feed feed, NodeLease lease, MeterRegistry meters) {
    this.engine = engine;
    this.feed = feed;
    this.lease = lease;
    this.published =
        Counter.builder("clarity_maestro_events_total")
            .description("Events of executions that are on the topic")
            .register(meters);
  }

  void start() {
    publisher = Thread.ofPlatform().daemon().name("maestro-outbox").start(this::publishAll);
  }

  /// There is something in the outbox. Never waits.
  void written() {
    if (written.availablePermits() == 0) {
      written.release();
    }
  }

  private void publishAll() {
    var above = 0L;
    var lookedNs = System.nanoTime();
    var leftNs = System.nanoTime();
    var failed = false;
    while (!closing) {
      try {
        var nowNs = System.nanoTime();
        if (nowNs - lookedNs > LOOK_EVERY.toNanos()) {
          above = 0;
          lookedNs = nowNs;
        }
        var last = own(above);
        if (nowNs - leftNs > LEFT_EVERY.toNanos()) {
          left();
          leftNs = nowNs;
        }
        failed = false;
        if (last > 0) {
          above = last;
          TimeUnit.MILLISECONDS.sleep(GATHER.toMillis());
        } else if (written.tryAcquire(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          written.drainPermits();
        }
      } catch (InterruptedException e) {
        return;
      } catch (SQLException | ExecutionException | TimeoutException | RuntimeException | Error e) {
        LastResort.endUnlessPassing(e);
        if (!failed) {
          log.warn("events of executions wait in the outbox, trying again: cause={}", e.toString());
        }
        failed = true;
        feed.reset();
        pause();
      }
    }
  }

  private void pause() {
    try {
      TimeUnit.SECONDS.sleep(1);
    } catch (InterruptedException e) {
      closing = true;
    }
  }

  /// @return the last row that was sent; 0 if there was none
  private long own(long above)
      throws SQLException, InterruptedException, ExecutionException, TimeoutException {
    List<Row> rows;
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(OWN)) {
      statement.setInt(1, lease.node());
      statement.setLong(2, above);
      statement.setInt(3, ROWS_AT_A_TIME);
      rows = rows(statement);
    }
    if (rows.isEmpty()) {
      return 0;
    }
    send(rows);
    try (var connection = engine.getConnection()) {
      delete(connection, rows);
    }
    return rows.getLast().id;
  }

  private void left()
      throws SQLException, InterruptedException, ExecutionException, TimeoutException {
    var above = 0L;
    while (!closing) {
      try (var connection = engine.getConnection()) {
        connection.setAutoCommit(false);
        try {
          var rows = leftRows(connection, above);
          if (rows.isEmpty()) {
            connection.commit();
            return;
          }
          send(rows);
          delete(connection, rows);
          connection.commit();
          above = rows.getLast().id;
        } catch (SQLException | ExecutionException | TimeoutException | RuntimeException e) {
          connection.rollback();
          throw e;
        }
      }
    }
  }

  private static List<Row> leftRows(Connection connection, long above) throws SQLException {
    try (var lock = connection.prepareStatement(LEASE);
        var held = lock.executeQuery()) {
      if (!held.next() || !held.getBoolean(1)) {
        return List.of();
      }
    }
    try (var statement = connection.prepareStatement(LEFT)) {
      statement.setLong(1, above);
      statement.setInt(2, ROWS_AT_A_TIME);
      return rows(statement);
    }
  }

  private static List<Row> rows(java.sql.PreparedStatement statement) throws SQLException {
    var rows = new ArrayList<Row>();
    try (var found = statement.executeQuery()) {
      while (found.next()) {
        rows.add(new Row(found.getLong(1), found.getBytes(2)));
      }
    }
    return rows;
  }

  private void send(List<Row> rows)
      throws InterruptedException, ExecutionException, TimeoutException {
    var sent = new ArrayList<CompletableFuture<Void>>();
    for (var row : rows) {
      var lines = new String(EventEncoder.plain(row.events), StandardCharsets.UTF_8).split("\n");
      for (var i = 0; i + 1 < lines.length; i += 2) {
        sent.add(
            feed.send(
                lines[i].getBytes(StandardCharsets.US_ASCII),
                lines[i + 1].getBytes(StandardCharsets.UTF_8)));
      }
    }
    var deadlineNs = System.nanoTime() + ACKNOWLEDGED_WITHIN.toNanos();
    for (var one : sent) {
      one.get(Math.max(0, deadlineNs - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
    published.increment(sent.size());
  }

  private static void delete(Connection connection, List<Row> rows) throws SQLException {
    try (var delete = connection.prepareStatement(DELETE)) {
      new Arrays(connection, delete).longs(rows, Row::id);
      delete.execute();
    }
  }

  @Override
  public void close() {
    closing = true;
    var running = publisher;
    if (running != null) {
      running.interrupt();
      try {
        running.join(STOP_MAX);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    feed.close();
  }
}
