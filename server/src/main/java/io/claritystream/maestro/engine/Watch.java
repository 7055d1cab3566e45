package io.claritystream.maestro.engine;

import io.claritystream.base.process.LastResort;
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

/// Looks after what others left and took, on a thread of its own: ends nodes that did not keep
/// their lease, lets go of what was taken away from this one, and sees to the days of the history.
/// Any of it may wait for others' locks, so it does not beat.
final class Watch {
  private static final Logger log = LoggerFactory.getLogger(Watch.class);
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

  /// What the watch says to its process.
  interface House {
    /// Whether this process is a node.
    boolean joined();

    List<Run> runs();

    /// The execution is not this process's any more.
    void taken(Run run);

    /// Others' executions were set free.
    void wake();
  }

  private final DataSource engine;
  private final NodeLease lease;
  private final HistoryDays days;
  private final InstantSource clock;
  private final House house;
  private volatile boolean closing;
  private @Nullable Thread thread;

  Watch(DataSource engine, NodeLease lease, HistoryDays days, InstantSource clock, House house) {
    this.engine = engine;
    this.lease = lease;
    this.days = days;
    this.clock = clock;
    this.house = house;
  }

  void start() {
    thread = Thread.ofPlatform().daemon().name("maestro-watch").start(this::watchAll);
  }

  /// One duty that fails each time keeps none of the others back.
  private void watchAll() {
    var duties =
        List.of(
            new Duty("the days of the history are not made", this::seeToDays),
            new Duty("nodes that are lost are not ended", this::endExpired),
            new Duty("what was taken away is not let go", this::letGoOfTaken));
    while (!closing) {
      duties.forEach(Duty::look);
      LockSupport.parkNanos(EVERY.toNanos());
    }
  }

  private interface Look {
    void look() throws SQLException;
  }

  /// Something that is looked after.
  private static final class Duty {
    private final String neglected;
    private final Look duty;
    private boolean failed;

    private Duty(String neglected, Look duty) {
      this.neglected = neglected;
      this.duty = duty;
    }

    private void look() {
      try {
        duty.look();
        failed = false;
      } catch (SQLException | RuntimeException | Error e) {
        LastResort.endUnlessPassing(e);
        if (!failed) {
          log.warn("{}, trying again: cause={}", neglected, e.toString());
        }
        failed = true;
      }
    }
  }

  private void seeToDays() throws SQLException {
    days.ensure(clock.instant());
  }

  private boolean atWork() {
    return house.joined() && lease.held();
  }

  private void endExpired() throws SQLException {
    if (atWork() && lease.endExpired() > 0) {
      house.wake();
    }
  }

  /// Whatever was canceled by another process ends here.
  private void letGoOfTaken() throws SQLException {
    if (!atWork()) {
      return;
    }
    var before = clock.instant().minus(EVERY);
    var looked =
        house.runs().stream()
            .filter(Run::takenIn)
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

  void leave() {
    closing = true;
  }

  /// Waits for the look at hand.
  void end() throws InterruptedException {
    var running = thread;
    if (running != null) {
      LockSupport.unpark(running);
      running.join(STOP_MAX);
    }
  }
}
