package io.claritystream.stream.ingest;

import io.claritystream.stream.materializer.PackedMinutes;
import io.claritystream.stream.materializer.PackedMinutes.Portion;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lays the minutes of hours that are over side by side, series by series, in the background: see
/// [PackedMinutes]. It goes in portions, a transaction each, one process at a time by a lease that
/// lasts as long as the portion; models that have something to pack have a portion in turn.
///
/// *No minute is written by two.* Only models are packed that are live, do not follow from bronze,
/// and are named by their source's mark, which is looked at again once the partition is held. Their
/// minutes are written by the fold alone, and that happens in two places: in [IngestTransaction],
/// which begins by moving the partition's row, and in the last step of [ModelFollower], which holds
/// that row as this does. Its other steps fold models that are being built or have fallen behind,
/// to which nothing is moved here; so does whoever keys a large table anew. A model falls behind,
/// is attached again, frozen or replaced only by who has the partition. What is retired, and then
/// deleted, is never live again.
///
/// *Nobody waits in a circle.* The partition's row comes first, then the model's, then minutes, as
/// with ingest and followers. Whoever has a model's row and not its partition's has one that is not
/// live or has fallen behind, which this one does not wait for.
///
/// *A crash* leaves a portion undone or done, and the place of the next is stored with it. Were it
/// done again, rows would lie where they lie in another place: their contents are the same.
final class MinutePacker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MinutePacker.class);

  /// How often somebody who has nothing to pack looks whether there is something.
  static final Duration LOOK_EVERY = Duration.ofSeconds(15);

  /// An hour that ended so long ago gets few readings more.
  static final Duration OVER_SINCE = Duration.ofMinutes(15);

  static final int ROWS_MAX = 2_000;
  private static final int ROWS_MIN = 100;
  private static final int MODELS_AT_A_TIME = 1_000;

  /// Ingest waits for a portion, so it is smaller after one that took longer than that.
  private static final Duration HELD_MAX = Duration.ofMillis(40);

  private static final Duration PAUSE_MIN = Duration.ofMillis(50);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  private static final String LEASE =
      "SELECT pg_try_advisory_xact_lock(hashtextextended('analytics.metrics_min packer', 0))";

  private static final String DUE =
      """
      SELECT m.model_id, m.source_id
      FROM analytics.model m JOIN control.checkpoint_source c USING (source_id, model_id)
      WHERE m.state = 'live' AND m.detached_at IS NULL
        AND (m.packed_until IS NULL OR m.packed_until < ?)
      ORDER BY m.packed_until NULLS FIRST LIMIT ?
      """;

  private record Due(int model, UUID sourceId) {}

  private final Ingest.Parts parts;
  private final Checkpoints checkpoints;
  private final IngestMetrics metrics;
  private final Duration lookEvery;
  private final PackedMinutes minutes = new PackedMinutes();
  private final Queue<Due> due = new ArrayDeque<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private int rowsMax = ROWS_MAX;
  private @Nullable Thread thread;

  MinutePacker(
      Ingest.Parts parts, Checkpoints checkpoints, IngestMetrics metrics, Duration lookEvery) {
    this.parts = parts;
    this.checkpoints = checkpoints;
    this.metrics = metrics;
    this.lookEvery = lookEvery;
  }

  /// Packs until closed.
  synchronized void start() {
    if (thread == null) {
      thread = Thread.ofVirtual().name("minute-packer").start(this::run);
    }
  }

  /// Waits for the portion at hand.
  @Override
  public synchronized void close() {
    closing.countDown();
    try {
      if (thread != null && !thread.join(STOP_MAX)) {
        log.warn("packer did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    var pause = lookEvery;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        var startedNs = System.nanoTime();
        var more = more();
        // Ingest comes first: as long a rest as the work was.
        var took = Duration.ofNanos(System.nanoTime() - startedNs);
        pause = !more ? lookEvery : took.compareTo(PAUSE_MIN) > 0 ? took : PAUSE_MIN;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean more() {
    try {
      return step();
    } catch (SQLException | RuntimeException e) {
      log.warn("minutes could not be packed, trying again: cause={}", e.toString());
      return false;
    }
  }

  /// Packs the next portion of the next model. False: there is nothing to pack, or another process
  /// is at it.
  boolean step() throws SQLException {
    var end = parts.clock().instant().minus(OVER_SINCE).truncatedTo(ChronoUnit.HOURS);
    if (due.isEmpty()) {
      list(end);
    }
    var next = due.poll();
    if (next == null) {
      return false;
    }
    if (!pack(next, end)) {
      due.clear();
      return false;
    }
    return true;
  }

  private void list(Instant end) throws SQLException {
    try (var connection = parts.service().getConnection();
        var find = connection.prepareStatement(DUE)) {
      find.setObject(1, end.atOffset(ZoneOffset.UTC));
      find.setInt(2, MODELS_AT_A_TIME);
      try (var rows = find.executeQuery()) {
        while (rows.next()) {
          due.add(new Due(rows.getInt(1), rows.getObject(2, UUID.class)));
        }
      }
    }
  }

  /// False: another process is at it.
  private boolean pack(Due model, Instant end) throws SQLException {
    var source =
        parts
            .sources()
            .find(model.sourceId())
            .orElseThrow(() -> new IllegalStateException("no source " + model.sourceId()));
    try (var connection = parts.service().getConnection()) {
      connection.setAutoCommit(false);
      try {
        if (!lease(connection)) {
          connection.rollback();
          return false;
        }
        var at = minutes.position(connection, model.model());
        if (at == null || !at.hour().isBefore(end)) {
          // Another process has packed it, or it is not to be packed any more.
          connection.rollback();
          return true;
        }
        var portion = minutes.next(connection, model.model(), at, end, rowsMax);
        if (portion.series().isEmpty()) {
          minutes.advance(connection, portion);
          connection.commit();
        } else {
          move(connection, source.partition(), source.sourceId(), portion);
        }
        return true;
      } catch (SQLException | RuntimeException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  private static boolean lease(Connection connection) throws SQLException {
    try (var lease = connection.prepareStatement(LEASE);
        var held = lease.executeQuery()) {
      return held.next() && held.getBoolean(1);
    }
  }

  private void move(Connection connection, int partition, UUID sourceId, Portion portion)
      throws SQLException {
    checkpoints.hold(connection, partition);
    var heldNs = System.nanoTime();
    var mark = checkpoints.mark(connection, sourceId).orElse(Mark.NONE);
    if (mark.model() != portion.model() || !minutes.advance(connection, portion)) {
      connection.rollback();
      return;
    }
    var moved = minutes.move(connection, portion);
    connection.commit();
    var held = Duration.ofNanos(System.nanoTime() - heldNs);
    metrics.packed(moved, held);
    if (held.compareTo(HELD_MAX) > 0) {
      rowsMax = Math.max(ROWS_MIN, rowsMax / 2);
    } else if (held.compareTo(HELD_MAX.dividedBy(2)) < 0) {
      rowsMax = Math.min(ROWS_MAX, rowsMax * 5 / 4);
    }
  }
}
