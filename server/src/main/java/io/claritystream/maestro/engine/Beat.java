package io.claritystream.maestro.engine;

import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps this process's lease on a thread of its own, ends nodes that did not keep theirs, and lets
/// go of what was taken away from this one.
final class Beat {
  private static final Logger log = LoggerFactory.getLogger(Beat.class);
  private static final Duration EVERY = Duration.ofMillis(500);
  private static final Duration STOP_MAX = Duration.ofSeconds(3);
  private static final int LOOKED_AT_MAX = 10_000;

  private static final String TAKEN =
      """
      SELECT r.execution_id
      FROM unnest(?::uuid[], ?::int[]) AS r (execution_id, lease_epoch)
      WHERE NOT EXISTS (SELECT FROM maestro.execution_open o
        WHERE o.execution_id = r.execution_id AND o.lease_epoch = r.lease_epoch)
      """;

  /// What the beat says to its process.
  interface House {
    /// Joins as a new node, which is the time to forget what was had under another id.
    void join() throws SQLException;

    /// Others' executions were set free.
    void wake();

    List<Run> runs();

    /// The execution is not this process's any more.
    void taken(Run run);
  }

  private final DataSource engine;
  private final NodeLease lease;
  private final HistoryDays days;
  private final InstantSource clock;
  private final House house;
  private volatile boolean joined;
  private volatile boolean closing;
  private @Nullable Thread thread;

  Beat(DataSource engine, NodeLease lease, HistoryDays days, InstantSource clock, House house) {
    this.engine = engine;
    this.lease = lease;
    this.days = days;
    this.clock = clock;
    this.house = house;
  }

  void start() {
    thread = Thread.ofPlatform().daemon().name("maestro-beat").start(this::beatAll);
  }

  /// Whether this process is a node, as far as it knows.
  boolean joined() {
    return joined;
  }

  /// Nobody gives this process anything more to do.
  void leave() {
    closing = true;
    joined = false;
  }

  private void beatAll() {
    var failed = false;
    while (!closing) {
      try {
        beat();
        failed = false;
      } catch (SQLException | RuntimeException | Error e) {
        if (!failed) {
          log.warn("lease could not be kept, trying again: cause={}", e.toString());
        }
        failed = true;
      }
      LockSupport.parkNanos(EVERY.toNanos());
    }
  }

  private void beat() throws SQLException {
    if (!joined) {
      days.ensure(clock.instant());
      if (!closing) {
        join();
      }
    } else if (!lease.beat()) {
      log.warn("this node was ended by another, joining anew: node={}", lease.node());
      joined = false;
      join();
    } else {
      days.ensure(clock.instant());
      if (lease.endExpired() > 0) {
        house.wake();
      }
      letGoOfTaken();
    }
  }

  /// If it was another node before, that one was ended, and others work on what it had: all of it
  /// is let go.
  private void join() throws SQLException {
    house.join();
    for (var run : house.runs()) {
      if (run.node() != lease.node()) {
        house.taken(run);
      }
    }
    joined = true;
    house.wake();
  }

  /// Whatever was canceled by another process ends here.
  private void letGoOfTaken() throws SQLException {
    var before = clock.instant().minus(EVERY);
    var looked =
        house.runs().stream()
            .filter(run -> ExecutionIds.time(run.execution()).isBefore(before))
            .limit(LOOKED_AT_MAX)
            .toList();
    if (looked.isEmpty()) {
      return;
    }
    var taken = new HashSet<UUID>();
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(TAKEN)) {
      new Arrays(connection, statement).uuids(looked, Run::execution).ints(looked, Run::leaseEpoch);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          taken.add(rows.getObject(1, UUID.class));
        }
      }
    }
    looked.stream().filter(run -> taken.contains(run.execution())).forEach(house::taken);
  }

  /// Waits for the beat at hand.
  void end() throws InterruptedException {
    var running = thread;
    if (running != null) {
      LockSupport.unpark(running);
      running.join(STOP_MAX);
    }
  }
}
