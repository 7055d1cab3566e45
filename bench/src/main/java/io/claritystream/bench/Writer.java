package io.claritystream.bench;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;

/// The customer's application: commits rows on a fixed schedule, in small transactions, and is late
/// rather than leaving any out.
final class Writer implements AutoCloseable {
  private static final int TICK_US = 10_000;

  private final Rows rows;
  private final int rate;
  private final Connection connection;
  private final Thread thread;
  private volatile int written;
  private volatile boolean stopped;
  private volatile String failure = "";

  Writer(Rows rows, int rate, Connection connection) {
    this.rows = rows;
    this.rate = rate;
    this.connection = connection;
    thread = Thread.ofPlatform().name("writes").daemon().unstarted(this::write);
  }

  void start() {
    thread.start();
  }

  /// How many rows are committed.
  int written() {
    if (!failure.isEmpty()) {
      throw new BenchFailedException("the customer's application failed: " + failure);
    }
    return written;
  }

  private void write() {
    try (PreparedStatement insert =
        connection.prepareStatement(
            """
            INSERT INTO pump_reading (pump_id, read_at, pressure_bar, temperature_c, stroke_count)
            VALUES (?, ?, ?, ?, ?)
            """)) {
      connection.setAutoCommit(false);
      long beganUs = Clocks.nowUs();
      int row = 0;
      for (long tick = 0; !stopped && row < rows.count(); tick++) {
        long dueUs = beganUs + tick * TICK_US;
        long end = Math.min(rows.count(), (tick + 1) * rate * TICK_US / 1_000_000);
        Clocks.sleepUntilUs(dueUs);
        for (; row < end; row++) {
          rows.due(row, dueUs);
          add(insert, row, dueUs);
        }
        insert.executeBatch();
        rows.committing(written, row, Clocks.nowUs());
        connection.commit();
        written = row;
      }
    } catch (SQLException e) {
      failure = String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      failure = "interrupted";
    }
  }

  private void add(PreparedStatement insert, int row, long dueUs) throws SQLException {
    insert.setInt(1, rows.device(row) + 1);
    insert.setObject(2, Instant.EPOCH.plusNanos(dueUs * 1_000).atOffset(ZoneOffset.UTC));
    insert.setDouble(3, 3 + Math.sin(row / 400.0));
    insert.setBigDecimal(4, BigDecimal.valueOf(200 + row % 300, 1));
    insert.setLong(5, row);
    insert.addBatch();
  }

  @Override
  public void close() throws SQLException {
    stopped = true;
    Clocks.awaitEnd(thread);
    connection.close();
  }
}
