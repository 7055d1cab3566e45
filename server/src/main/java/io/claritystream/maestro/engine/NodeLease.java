package io.claritystream.maestro.engine;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This process's right to work on executions: a row that it keeps alive, by the database's clock.
///
/// Whose row has expired can be declared ended by any other, which takes its executions away in the
/// same transaction. A node that was declared ended writes nothing more under that id: it lets go
/// of all it had and joins again under another.
///
/// It is beaten by one thread, which does nothing else; another ends those that were lost, and the
/// rest ask.
final class NodeLease {
  private static final Logger log = LoggerFactory.getLogger(NodeLease.class);

  private static final String JOIN =
      """
      INSERT INTO maestro.node (name, started_at, expires_at)
      VALUES (?, clock_timestamp(), clock_timestamp() + ? * interval '1 millisecond')
      RETURNING node_id
      """;

  private static final String BEAT =
      """
      UPDATE maestro.node SET expires_at = clock_timestamp() + ? * interval '1 millisecond'
      WHERE node_id = ? AND ended_at IS NULL
      """;

  private static final String EXPIRED =
      """
      SELECT node_id FROM maestro.node
      WHERE ended_at IS NULL AND expires_at < clock_timestamp() AND node_id <> ?
      ORDER BY node_id
      """;

  private static final String WAIT_SHORTLY = "SET LOCAL lock_timeout = '500ms'";

  private static final String LOCK_ALONE = "SELECT pg_advisory_xact_lock(?, ?)";

  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /// A process that was stopped in the middle of sending a group leaves a session behind that waits
  /// for the rest, and holds the lock meanwhile. Those that hold it together are all its own.
  private static final String CUT_OFF =
      """
      SELECT count(pg_terminate_backend(l.pid))
      FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
      JOIN maestro.node n ON n.node_id = ? AND n.ended_at IS NULL AND n.expires_at < clock_timestamp()
      WHERE l.locktype = 'advisory' AND l.mode = 'ShareLock' AND l.granted
        AND l.classid::bigint = ? AND l.objid::bigint = n.node_id AND l.objsubid = 2
      """;

  private static final String END =
      """
      UPDATE maestro.node SET ended_at = clock_timestamp()
      WHERE node_id = ? AND ended_at IS NULL AND (expires_at < clock_timestamp() OR ?)
      """;

  private static final String RELEASE =
      """
      UPDATE maestro.execution_open
      SET status = 'pending', node_id = NULL, lease_epoch = lease_epoch + 1, takeovers = takeovers + ?
      WHERE node_id = ?
      """;

  private static final String GIVE_BACK = "DELETE FROM maestro.tenant_slots WHERE node_id = ?";

  /// They are few, and tell who worked lately.
  private static final String FORGET =
      "DELETE FROM maestro.node WHERE ended_at < clock_timestamp() - interval '7 days'";

  private final DataSource engine;
  private final DataSource own;
  private final String name;
  private final Duration term;

  /// Until when nobody can have declared this node ended, by the clock that never goes back. It is
  /// reckoned from before the beat was sent, so it ends before the database's.
  private volatile long heldUntilNs;

  private volatile int node;
  private volatile long aliveSinceNs;

  /// @param own a connection that nobody else can take: who had to wait for one would lose the
  ///     lease
  NodeLease(DataSource engine, DataSource own, String name, Duration term) {
    this.engine = engine;
    this.own = own;
    this.name = name;
    this.term = term;
  }

  /// By which people know this process.
  static String ownName() {
    var host = System.getenv("HOSTNAME");
    return (host == null ? "process" : host) + "/" + ProcessHandle.current().pid();
  }

  int node() {
    return node;
  }

  /// Whether no other process can have taken this one's executions yet.
  boolean held() {
    return System.nanoTime() - heldUntilNs < 0;
  }

  /// Joins as a new node.
  void join() throws SQLException {
    var sentNs = System.nanoTime();
    try (var connection = own.getConnection();
        var join = connection.prepareStatement(JOIN)) {
      join.setString(1, name);
      join.setLong(2, term.toMillis());
      try (var joined = join.executeQuery()) {
        joined.next();
        node = joined.getInt(1);
      }
    }
    heldUntilNs = sentNs + term.toNanos();
    aliveSinceNs = sentNs;
    log.info("joined as a node: node={}", node);
  }

  /// Keeps the lease.
  ///
  /// @return false if another process has declared this node ended
  boolean beat() throws SQLException {
    var sentNs = System.nanoTime();
    if (!held()) {
      // Whoever was away with everybody else may not blame the others for it at once.
      aliveSinceNs = sentNs;
    }
    try (var connection = own.getConnection();
        var beat = connection.prepareStatement(BEAT)) {
      beat.setLong(1, term.toMillis());
      beat.setInt(2, node);
      if (beat.executeUpdate() == 0) {
        return false;
      }
    }
    heldUntilNs = sentNs + term.toNanos();
    return true;
  }

  /// Ends the nodes that have not beaten for their term, and sets their executions free. A node
  /// that has itself been cut off waits a term, in which the others can come back as it did.
  ///
  /// @return how many executions were set free
  int endExpired() throws SQLException {
    if (System.nanoTime() - aliveSinceNs < term.toNanos()) {
      return 0;
    }
    List<Integer> expired = new ArrayList<>();
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(EXPIRED)) {
      statement.setInt(1, node);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          expired.add(rows.getInt(1));
        }
      }
    }
    var freed = 0;
    for (var other : expired) {
      try {
        freed += end(other, false);
      } catch (SQLException e) {
        if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
          throw e;
        }
        cutOff(other);
      }
    }
    return freed;
  }

  /// Ends the sessions of an expired node that hold its lock; the next look can end the node.
  private void cutOff(int other) throws SQLException {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(CUT_OFF)) {
      statement.setInt(1, other);
      statement.setInt(2, JournalCommit.LOCK);
      try (var row = statement.executeQuery()) {
        row.next();
        log.warn(
            "node had not beaten for its term and held its lock: node={} sessions_ended={}",
            other,
            row.getInt(1));
      }
    }
  }

  /// Ends this node: what it still has is set free for others.
  void leave() throws SQLException {
    heldUntilNs = System.nanoTime();
    end(node, true);
  }

  private int end(int ended, boolean own) throws SQLException {
    try (var connection = engine.getConnection()) {
      connection.setAutoCommit(false);
      try {
        var freed = end(connection, ended, own);
        connection.commit();
        return freed;
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  private static int end(Connection connection, int ended, boolean own) throws SQLException {
    try (var wait = connection.createStatement()) {
      // Whoever waits behind it holds a process's journal up.
      wait.execute(WAIT_SHORTLY);
    }
    try (var lock = connection.prepareStatement(LOCK_ALONE)) {
      lock.setInt(1, JournalCommit.LOCK);
      lock.setInt(2, ended);
      lock.execute();
    }
    try (var end = connection.prepareStatement(END)) {
      end.setInt(1, ended);
      end.setBoolean(2, own);
      if (end.executeUpdate() == 0) {
        return 0;
      }
    }
    int freed;
    try (var release = connection.prepareStatement(RELEASE)) {
      // Who leaves was not ended by what it ran.
      release.setInt(1, own ? 0 : 1);
      release.setInt(2, ended);
      freed = release.executeUpdate();
    }
    try (var giveBack = connection.prepareStatement(GIVE_BACK)) {
      giveBack.setInt(1, ended);
      giveBack.executeUpdate();
    }
    try (var forget = connection.prepareStatement(FORGET)) {
      forget.executeUpdate();
    }
    if (!own) {
      log.warn(
          "node had not beaten for its term and was ended: node={} executions={}", ended, freed);
    }
    return freed;
  }
}
