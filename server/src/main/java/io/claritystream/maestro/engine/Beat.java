package io.claritystream.maestro.engine;

import io.claritystream.base.process.LastResort;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps this process's lease on a thread of its own, over a connection of its own: nothing that is
/// slow or used up elsewhere ends the node.
final class Beat {
  private static final Logger log = LoggerFactory.getLogger(Beat.class);
  private static final Duration EVERY = Duration.ofMillis(500);
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);
  private static final Duration STOP_MAX = Duration.ofSeconds(3);

  /// What the beat says to its process.
  interface House {
    /// Whether executions could be taken in, if this process were a node.
    boolean prepared();

    /// Joins as a new node, which is the time to forget what was had under another id.
    void join() throws SQLException;

    /// This process is a node, another than before.
    void joinedAnew();
  }

  private final NodeLease lease;
  private final House house;
  private volatile boolean joined;
  private volatile boolean closing;
  private @Nullable Thread thread;

  Beat(NodeLease lease, House house) {
    this.lease = lease;
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
        LastResort.endUnlessPassing(e);
        if (!failed) {
          log.warn("lease could not be kept, trying again: cause={}", e.toString());
        }
        failed = true;
      }
      LockSupport.parkNanos((joined || failed ? EVERY : LOOK_EVERY).toNanos());
    }
  }

  private void beat() throws SQLException {
    if (!joined) {
      if (house.prepared() && !closing) {
        join();
      }
    } else if (!lease.beat()) {
      log.warn("this node was ended by another, joining anew: node={}", lease.node());
      joined = false;
      join();
    }
  }

  private void join() throws SQLException {
    house.join();
    joined = true;
    house.joinedAnew();
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
