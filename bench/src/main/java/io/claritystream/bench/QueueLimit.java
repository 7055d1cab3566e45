package io.claritystream.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// The least that any durable engine has to do on this database: each job is put in with its
/// payload in one commit, and taken out into a history in a later one, a hundred at a time and
/// without a step between. What is left between this and an engine's rate is the engine.
final class QueueLimit {
  private static final int BATCH = 100;
  private static final int CONNECTIONS = 3;

  private QueueLimit() {}

  /// Jobs a second that were put in and completed.
  static double perS(Installation installation, int seconds)
      throws SQLException, InterruptedException {
    try (Connection owner = installation.superuser();
        Statement statement = owner.createStatement()) {
      statement.execute(
          """
          CREATE SCHEMA bench;
          CREATE TABLE bench.open (job_id uuid PRIMARY KEY, tenant_id uuid NOT NULL, created_at timestamptz NOT NULL);
          CREATE TABLE bench.payload (job_id uuid PRIMARY KEY, payload text NOT NULL);
          CREATE TABLE bench.ended (job_id uuid PRIMARY KEY, tenant_id uuid NOT NULL,
            created_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, answer text NOT NULL);
          CREATE INDEX ON bench.ended (tenant_id, job_id DESC);
          """);
      try {
        return measured(installation, seconds);
      } finally {
        statement.execute("DROP SCHEMA bench CASCADE");
      }
    }
  }

  private static double measured(Installation installation, int seconds)
      throws InterruptedException {
    AtomicLong completed = new AtomicLong();
    AtomicReference<SQLException> failure = new AtomicReference<>();
    long fromNs = System.nanoTime();
    long endNs = fromNs + seconds * 1_000_000_000L;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      threads.add(
          Thread.ofPlatform()
              .name("puts-in-and-completes")
              .start(
                  () -> {
                    try (Connection connection = installation.superuser()) {
                      while (System.nanoTime() < endNs) {
                        completed.addAndGet(batch(connection));
                      }
                    } catch (SQLException e) {
                      failure.compareAndSet(null, e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (failure.get() != null) {
      throw new BenchFailedException("the bare queue failed", failure.get());
    }
    return completed.get() / ((System.nanoTime() - fromNs) / 1e9);
  }

  private static int batch(Connection connection) throws SQLException {
    UUID[] ids = new UUID[BATCH];
    long time = System.currentTimeMillis() << 16 | 7L << 12;
    for (int i = 0; i < BATCH; i++) {
      ThreadLocalRandom random = ThreadLocalRandom.current();
      ids[i] = new UUID(time | random.nextLong(1 << 12), random.nextLong() | Long.MIN_VALUE);
    }
    java.sql.Array all = connection.createArrayOf("uuid", ids);
    // Sent together without a BEGIN, each pair is one transaction and one round trip.
    try (PreparedStatement put =
        connection.prepareStatement(
            """
            INSERT INTO bench.open SELECT id, '00000000-0000-7000-8000-000000000000', now() FROM unnest(?::uuid[]) AS id;
            INSERT INTO bench.payload SELECT id, repeat('{"sku":"P-1"}', 20) FROM unnest(?::uuid[]) AS id
            """)) {
      put.setArray(1, all);
      put.setArray(2, all);
      put.execute();
    }
    try (PreparedStatement complete =
        connection.prepareStatement(
            """
            WITH gone AS (
              DELETE FROM bench.open o USING unnest(?::uuid[]) AS id WHERE o.job_id = id RETURNING o.*)
            INSERT INTO bench.ended SELECT job_id, tenant_id, created_at, now(), '{"total":42.5}' FROM gone
            """)) {
      complete.setArray(1, all);
      return complete.executeUpdate();
    }
  }
}
