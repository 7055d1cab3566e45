package io.claritystream.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/// Looks twice a second how many executions are open, while somebody asks, and says when callers
/// are to wait: beyond the window a backlog would be measured, and not what is carried.
final class OpenExecutions implements AutoCloseable {
  private static final int WINDOW = 4_000;
  private static final long LOOK_EVERY_MS = 500;
  private static final long END_PATIENCE_S = 120;

  private final Connection connection;
  private final Thread thread;
  private volatile boolean closed;
  private volatile boolean asked;
  private volatile long open;
  private volatile long most;

  OpenExecutions(Installation installation) throws SQLException {
    connection = installation.superuser();
    thread = Thread.ofPlatform().name("looks-at-open").daemon().start(this::look);
  }

  private void look() {
    while (!closed) {
      try {
        // A look reads all rows that are not vacuumed yet.
        if (asked) {
          asked = false;
          open = count(connection);
          most = Math.max(most, open);
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MS);
      } catch (SQLException | InterruptedException e) {
        // Without a look nobody is held up; the count at the end tells what was lost.
        open = 0;
        return;
      }
    }
  }

  private static long count(Connection connection) throws SQLException {
    return Sql.number(connection, "SELECT count(*) FROM maestro.execution_open");
  }

  boolean tooMany() {
    asked = true;
    return open > WINDOW;
  }

  long most() {
    return most;
  }

  /// Returns when all executions have ended.
  static void awaitNone(Connection connection) throws SQLException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_PATIENCE_S);
    for (long open = count(connection); open > 0; open = count(connection)) {
      if (System.nanoTime() > deadline) {
        throw new BenchFailedException(
            "%d executions have not ended after %d s".formatted(open, END_PATIENCE_S));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Override
  public void close() throws SQLException {
    closed = true;
    Clocks.awaitEnd(thread);
    connection.close();
  }
}
