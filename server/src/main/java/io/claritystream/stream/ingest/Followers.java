package io.claritystream.stream.ingest;

import io.claritystream.stream.bronze.Place;
import io.claritystream.stream.bronze.SourceHistory;
import io.claritystream.stream.source.Rebuilds;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The models that this process folds from bronze: those that are built anew, and those that fell
/// behind. One thread, a step of each in turn; each is one process's at a time, by its lease.
final class Followers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Followers.class);
  /// How often somebody who has nothing to follow looks whether there is something.
  static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private static final Duration PAUSE_MAX = Duration.ofMillis(500);
  private static final String SNAPSHOT_FIRST = "A snapshot of the source is being taken in.";

  private final Ingest.Parts parts;
  private final Checkpoints checkpoints;
  private final Duration lookEvery;
  private final UUID worker = UUID.randomUUID();
  private final Map<Integer, ModelFollower> followers = new HashMap<>();
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread thread;

  Followers(Ingest.Parts parts, Checkpoints checkpoints) {
    this(parts, checkpoints, LOOK_EVERY);
  }

  Followers(Ingest.Parts parts, Checkpoints checkpoints, Duration lookEvery) {
    this.parts = parts;
    this.checkpoints = checkpoints;
    this.lookEvery = lookEvery;
  }

  synchronized void start() {
    if (thread == null) {
      thread = Thread.ofPlatform().name("model-followers").start(this::run);
    }
  }

  @Override
  public synchronized void close() {
    closing.countDown();
    if (thread != null) {
      try {
        thread.join(Duration.ofSeconds(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void run() {
    var pause = Duration.ZERO;
    try {
      while (!closing.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        var startedNs = System.nanoTime();
        var moved = round();
        // Ingest comes first: as long a rest as the work was.
        var took = Duration.ofNanos(System.nanoTime() - startedNs);
        pause = !moved ? lookEvery : took.compareTo(PAUSE_MAX) < 0 ? took : PAUSE_MAX;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// A step of each; false if there was nothing to do.
  boolean round() {
    var moved = false;
    var wanted = new HashSet<Integer>();
    try {
      moved = rebuilds(wanted);
      moved |= detached(wanted);
    } catch (SQLException | RuntimeException e) {
      log.warn("models could not be looked for, trying again: cause={}", e.toString());
    }
    followers.keySet().retainAll(wanted);
    return moved;
  }

  private boolean rebuilds(Set<Integer> wanted) throws SQLException {
    var moved = false;
    for (var open : list()) {
      if (closing.getCount() == 0) {
        return false;
      }
      var model = open.model();
      if (open.cancelled() || model == null) {
        moved |= beginOrCancel(open);
        continue;
      }
      wanted.add(model);
      moved |= step(open.sourceId(), model, open);
    }
    return moved;
  }

  private java.util.List<Rebuilds.Open> list() throws SQLException {
    try (var connection = parts.service().getConnection()) {
      return parts.rebuilds().open(connection);
    }
  }

  private boolean detached(Set<Integer> wanted) throws SQLException {
    Map<Integer, UUID> detached;
    try (var connection = parts.service().getConnection()) {
      detached = parts.models().detached(connection);
    }
    var moved = false;
    for (var entry : detached.entrySet()) {
      if (closing.getCount() == 0) {
        return false;
      }
      if (followed(entry.getValue())) {
        wanted.add(entry.getKey());
        moved |= step(entry.getValue(), entry.getKey(), null);
      }
    }
    return moved;
  }

  /// Whether nothing else is folded into for the source: a repeated snapshot would be.
  private boolean followed(UUID sourceId) throws SQLException {
    try (var connection = parts.service().getConnection()) {
      return checkpoints
          .mark(connection, sourceId)
          .map(mark -> mark.model() == IngestTransaction.NO_MODEL)
          .orElse(false);
    }
  }

  private boolean step(UUID sourceId, int model, Rebuilds.@Nullable Open open) {
    var rebuild = open == null ? null : open.id();
    try {
      var follower = followers.get(model);
      if (follower == null) {
        var source = parts.sources().find(sourceId).orElse(null);
        if (source == null) {
          return false;
        }
        follower = new ModelFollower(parts, checkpoints, worker, source, model, rebuild);
        followers.put(model, follower);
      }
      return switch (follower.step(open == null || open.mayBeShown())) {
        case MOVED -> true;
        case WAITS -> false;
        case LOST -> rebuild != null && replaced(model, rebuild);
        case DONE -> {
          log.info("model has caught up: source={} model={}", sourceId, model);
          yield true;
        }
      };
    } catch (SQLException | RuntimeException e) {
      log.warn(
          "model could not be folded from bronze, trying again: source={} model={} cause={}",
          sourceId,
          model,
          e.toString());
      if (rebuild != null && Fault.of(e) != Fault.PASSING) {
        note(rebuild, String.valueOf(e.getMessage()));
      }
      return false;
    }
  }

  private void note(UUID rebuild, String problem) {
    try (var connection = parts.service().getConnection()) {
      parts.rebuilds().problem(connection, rebuild, problem);
    } catch (SQLException e) {
      log.debug("problem was not noted: cause={}", e.toString());
    }
  }

  /// Ends the rebuild of a model that a snapshot has made superfluous. False: another process is at
  /// it.
  private boolean replaced(int model, UUID rebuild) throws SQLException {
    try (var connection = parts.service().getConnection()) {
      if (parts.models().isWanted(connection, model)) {
        return false;
      }
      parts.rebuilds().end(connection, rebuild, Rebuilds.End.REPLACED, parts.clock().instant());
      return true;
    }
  }

  private boolean beginOrCancel(Rebuilds.Open listed) throws SQLException {
    var source = parts.sources().find(listed.sourceId()).orElse(null);
    if (source == null) {
      return false;
    }
    try (var connection = parts.service().getConnection()) {
      // Ingest is kept from nothing while there is nothing to do.
      if (!listed.cancelled() && waits(connection, listed)) {
        return false;
      }
      connection.setAutoCommit(false);
      try {
        // No snapshot begins meanwhile: it would not know of the model that is made here.
        checkpoints.hold(connection, source.partition());
        var open = parts.rebuilds().hold(connection, listed.id());
        var moved =
            open != null && (open.cancelled() ? cancel(connection, open) : begin(connection, open));
        connection.commit();
        return moved;
      } catch (SQLException e) {
        connection.rollback();
        throw e;
      }
    }
  }

  /// Whether a snapshot is being folded, which the rebuild comes after.
  private boolean waits(Connection connection, Rebuilds.Open open) throws SQLException {
    var mark = checkpoints.mark(connection, open.sourceId()).orElse(null);
    var live = parts.models().findLive(connection, open.sourceId());
    if (mark == null
        || live == null
        || mark.model() == live
        || mark.model() == IngestTransaction.NO_MODEL) {
      return false;
    }
    parts.rebuilds().problem(connection, open.id(), SNAPSHOT_FIRST);
    return true;
  }

  private boolean cancel(Connection connection, Rebuilds.Open open) throws SQLException {
    if (open.model() != null) {
      parts.models().retire(connection, open.model());
    }
    parts.rebuilds().end(connection, open.id(), Rebuilds.End.CANCELLED, parts.clock().instant());
    return true;
  }

  private boolean begin(Connection connection, Rebuilds.Open open) throws SQLException {
    if (open.model() != null) {
      return false;
    }
    var mark = checkpoints.mark(connection, open.sourceId()).orElse(null);
    var live = parts.models().findLive(connection, open.sourceId());
    if (mark == null || live == null) {
      // Nothing was ever taken of it, and nothing is there to be built.
      parts.rebuilds().end(connection, open.id(), Rebuilds.End.DONE, parts.clock().instant());
      return true;
    }
    if (waits(connection, open)) {
      return false;
    }
    var snapshot = open.snapshot();
    var first = snapshot == null ? null : new Place(snapshot.epoch(), snapshot.firstSeq());
    var model = parts.models().ofRebuild(connection, live, first, parts.clock().instant());
    if (model == null) {
      return false;
    }
    var from = parts.models().place(connection, model);
    var total =
        new SourceHistory(open.sourceId())
            .distance(connection, from, new Place(mark.epoch(), mark.seq()));
    parts.rebuilds().begin(connection, open.id(), model);
    parts
        .rebuilds()
        .advance(connection, open.id(), new Rebuilds.Progress(0, total, mark.epoch(), mark.seq()));
    log.info("rebuild begins: source={} model={} events={}", open.sourceId(), model, total);
    return true;
  }
}
