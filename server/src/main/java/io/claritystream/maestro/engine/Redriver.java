package io.claritystream.maestro.engine;

import io.claritystream.base.db.TenantId;
import io.claritystream.base.db.TenantTransactions;
import io.claritystream.base.http.Problem;
import io.claritystream.base.http.ProblemCode;
import io.claritystream.maestro.definition.PublishedWorkflow;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Works through redrives in the background, portion by portion. A portion has three steps, and
/// whoever is killed between two of them is followed by another that goes on:
///
/// 1. [#plan]: which executions, and the time that their retries' ids are made from, are written;
/// 2. [#start]: the retries are taken in, each under an id that follows from redrive, execution and
///    that time, so that one which was taken in before is not again;
/// 3. [#finish]: the redrive moves on past them.
///
/// One process at a time works on a redrive, under a lock of its session. An execution that was
/// retried since by somebody else is skipped, and while the tenant has half of what its plan allows
/// waiting, nothing is added to it.
final class Redriver implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Redriver.class);

  static final int LOCK = 0x4d_41_45_52;
  private static final int PORTION_MAX = 200;

  /// What can be had of portions.
  static final int PER_S_MAX = 200;

  /// Whose answers are held in memory at once.
  private static final int ORIGINS_AT_ONCE = 10;

  private static final int REDRIVES_MAX = 1_000;
  private static final Duration LOOK_EVERY = Duration.ofMillis(500);
  private static final Duration STOP_MAX = Duration.ofSeconds(5);

  private static final String RUNNING =
      "SELECT redrive_id FROM maestro.redrive WHERE state = 'running' ORDER BY redrive_id LIMIT ?";

  private static final String LOCKED = "SELECT pg_try_advisory_lock(?, hashtext(?))";
  private static final String UNLOCK = "SELECT pg_advisory_unlock(?, hashtext(?))";

  private static final String READ =
      """
      SELECT r.tenant_id, r.filter::text, r.per_s, r.matched, r.started, r.skipped, r.cursor_id, r.before_id,
        r.portion_id, r.portion_at, r.worked_at, r.created_by, p.executions_backlog_max
      FROM maestro.redrive r
      JOIN control.dim_tenant d USING (tenant_id)
      JOIN control.plan p USING (plan)
      WHERE r.redrive_id = ? AND r.state = 'running'
      """;

  private static final String PLAN =
      """
      UPDATE maestro.redrive SET portion_id = ?, portion_at = ?
      WHERE redrive_id = ? AND state = 'running' AND portion_id IS NULL
      """;

  private static final String FINISH =
      """
      UPDATE maestro.redrive
      SET cursor_id = portion_id, portion_id = NULL, portion_at = NULL, worked_at = ?,
        started = started + ?, skipped = skipped + ?
      WHERE redrive_id = ? AND portion_id IS NOT NULL
      """;

  private static final String END =
      "UPDATE maestro.redrive SET state = 'done', ended_at = ? WHERE redrive_id = ? AND state = 'running'";

  /// Retries of an execution, and later ones of what it is a retry of: of those that go back to one
  /// only the last stands for it.
  private static final String RETRIED =
      """
      WITH RECURSIVE line (execution_id, origin_id, depth) AS (
        SELECT execution_id, execution_id, 0 FROM maestro.execution WHERE execution_id = ANY (:ids)
        UNION ALL
        SELECT l.execution_id, e.origin_id, l.depth + 1
        FROM line l JOIN maestro.execution e ON e.execution_id = l.origin_id
        WHERE e.origin_id IS NOT NULL AND l.depth < 100)
      SELECT l.execution_id, r.execution_id
      FROM line l JOIN maestro.execution r ON r.origin_id = l.origin_id AND r.execution_id > l.execution_id
      """;

  private final DataSource engine;
  private final TenantTransactions transactions;
  private final Retries retries;
  private final Executions executions;
  private final Clock clock;
  private final CountDownLatch closing = new CountDownLatch(1);
  private @Nullable Thread worker;

  Redriver(
      DataSource engine,
      TenantTransactions transactions,
      Retries retries,
      Executions executions,
      Clock clock) {
    this.engine = engine;
    this.transactions = transactions;
    this.retries = retries;
    this.executions = executions;
    this.clock = clock;
  }

  /// A redrive as it stands.
  ///
  /// @param portion the last execution of the portion that is under way, and since when; null if
  ///     none is
  record Standing(
      UUID id,
      TenantId tenant,
      ExecutionReads.Filter filter,
      int perS,
      int left,
      UUID cursor,
      UUID before,
      @Nullable UUID portion,
      @Nullable Instant portionAt,
      Instant workedAt,
      UUID createdBy,
      int backlogMax) {}

  /// What has become of a portion.
  record Counted(int started, int skipped) {}

  synchronized void start() {
    if (worker == null) {
      worker = Thread.ofVirtual().name("redriver").start(this::work);
    }
  }

  @Override
  public synchronized void close() {
    closing.countDown();
    try {
      if (worker != null && !worker.join(STOP_MAX)) {
        log.warn("redriver did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    var failed = false;
    try {
      while (!closing.await(LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          for (var redrive : running()) {
            if (closing.getCount() > 0) {
              portion(redrive);
            }
          }
          failed = false;
        } catch (SQLException | RuntimeException e) {
          if (!failed) {
            log.warn("redrives could not be worked on, trying again: cause={}", e.toString());
          }
          failed = true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<UUID> running() throws SQLException {
    try (var connection = engine.getConnection();
        var statement = connection.prepareStatement(RUNNING)) {
      statement.setInt(1, REDRIVES_MAX);
      var running = new ArrayList<UUID>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          running.add(rows.getObject(1, UUID.class));
        }
      }
      return running;
    }
  }

  /// The next portion of a redrive, unless another process is at it.
  void portion(UUID redrive) throws SQLException {
    try (var connection = engine.getConnection()) {
      if (!asked(connection, LOCKED, redrive)) {
        return;
      }
      try {
        if (plan(connection, redrive)) {
          var standing = read(connection, redrive).orElseThrow();
          finish(connection, standing, start(standing));
        }
      } finally {
        asked(connection, UNLOCK, redrive);
      }
    }
  }

  private static boolean asked(Connection connection, String question, UUID redrive)
      throws SQLException {
    try (var statement = connection.prepareStatement(question)) {
      statement.setInt(1, LOCK);
      statement.setString(2, redrive.toString());
      try (var row = statement.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  /// Says which executions are next, or ends the redrive if none are.
  ///
  /// @return whether a portion is under way now
  boolean plan(Connection connection, UUID redrive) throws SQLException {
    var found = read(connection, redrive);
    if (found.isEmpty()) {
      return false;
    }
    var standing = found.get();
    if (standing.portion != null) {
      return true;
    }
    var now = clock.instant();
    if (standing.left <= 0) {
      end(connection, standing, now);
      return false;
    }
    var room = room(connection, standing, now);
    if (room <= 0) {
      return false;
    }
    var next = candidates(standing, standing.before, room);
    if (next.isEmpty()) {
      end(connection, standing, now);
      return false;
    }
    try (var plan = connection.prepareStatement(PLAN)) {
      plan.setObject(1, next.getLast());
      plan.setObject(2, now.atOffset(ZoneOffset.UTC));
      plan.setObject(3, redrive);
      return plan.executeUpdate() > 0;
    }
  }

  /// How many may be started now, by rate and by what waits.
  private int room(Connection connection, Standing standing, Instant now) throws SQLException {
    var sinceMs = Math.min(1_000, Duration.between(standing.workedAt, now).toMillis());
    var byRate = (int) Math.min(PORTION_MAX, standing.perS * sinceMs / 1_000);
    if (byRate <= 0) {
      return 0;
    }
    var backlogMax = Math.max(1, standing.backlogMax / 2);
    var waiting =
        Claims.backlog(connection, List.of(standing.tenant), backlogMax + 1)
            .getOrDefault(standing.tenant, new Claims.Backlog(0, 0))
            .waiting();
    return Math.min(Math.min(byRate, standing.left), backlogMax - waiting);
  }

  private void end(Connection connection, Standing standing, Instant now) throws SQLException {
    try (var end = connection.prepareStatement(END)) {
      end.setObject(1, now.atOffset(ZoneOffset.UTC));
      end.setObject(2, standing.id);
      end.executeUpdate();
    }
    log.info("redrive done: redrive={} tenant={}", standing.id, standing.tenant);
  }

  /// The next executions that match, from the redrive's cursor on.
  private List<UUID> candidates(Standing standing, UUID before, int max) {
    var conditions =
        new ArrayList<>(List.of("e.execution_id > :cursor", "e.execution_id < :before", "e.ended"));
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("cursor", standing.cursor);
    parameters.put("before", before);
    parameters.put("max", max);
    ExecutionReads.narrow(standing.filter, conditions, parameters);
    return transactions.read(
        standing.tenant,
        sql ->
            sql.sql(
                    "SELECT e.execution_id FROM maestro.execution e WHERE "
                        + String.join(" AND ", conditions)
                        + " ORDER BY e.execution_id LIMIT :max")
                .params(parameters)
                .query(UUID.class)
                .list());
  }

  /// Takes in the retries of the portion that is under way.
  Counted start(Standing standing) {
    var last = Objects.requireNonNull(standing.portion);
    // Some may have failed since, and lie among them.
    var ids = new ArrayList<>(candidates(standing, last, 5 * PORTION_MAX));
    ids.add(last);
    var started = 0;
    var runnable = new HashMap<UUID, Optional<PublishedWorkflow>>();
    for (var at = 0; at < ids.size(); at += ORIGINS_AT_ONCE) {
      var ready =
          ready(standing, ids.subList(at, Math.min(ids.size(), at + ORIGINS_AT_ONCE)), runnable);
      executions.take(ready, true);
      started += ready.size();
    }
    return new Counted(started, ids.size() - started);
  }

  private List<Executions.Ready> ready(
      Standing standing, List<UUID> ids, Map<UUID, Optional<PublishedWorkflow>> runnable) {
    var at = Objects.requireNonNull(standing.portionAt);
    var retried = retried(standing, ids);
    var ready = new ArrayList<Executions.Ready>();
    for (var origin : transactions.read(standing.tenant, sql -> Origin.read(sql, ids))) {
      var id = id(standing, origin.execution(), at);
      var others = retried.getOrDefault(origin.execution(), List.of());
      if (others.stream().allMatch(id::equals)) {
        runnable
            .computeIfAbsent(origin.workflow(), workflow -> runnable(standing.tenant, workflow))
            .flatMap(published -> ready(standing, origin, id, published))
            .ifPresent(ready::add);
      }
    }
    return ready;
  }

  /// Follows from redrive, execution and portion, and from nothing else.
  static UUID id(Standing standing, UUID origin, Instant at) {
    return ExecutionIds.of(
        new UUID(
            standing.id.getMostSignificantBits()
                ^ Long.rotateLeft(origin.getMostSignificantBits(), 17),
            standing.id.getLeastSignificantBits() ^ origin.getLeastSignificantBits()),
        at,
        0);
  }

  private Map<UUID, List<UUID>> retried(Standing standing, List<UUID> ids) {
    var retried = new HashMap<UUID, List<UUID>>();
    transactions.read(
        standing.tenant,
        sql -> {
          sql.sql(RETRIED)
              .param("ids", ids.toArray(UUID[]::new))
              .query(
                  row -> {
                    retried
                        .computeIfAbsent(row.getObject(1, UUID.class), id -> new ArrayList<>())
                        .add(row.getObject(2, UUID.class));
                  });
          return true;
        });
    return retried;
  }

  private Optional<PublishedWorkflow> runnable(TenantId tenant, UUID workflow) {
    try {
      return Optional.of(retries.runnable(tenant, workflow));
    } catch (Problem e) {
      return skipped(e);
    }
  }

  private Optional<Executions.Ready> ready(
      Standing standing, Origin origin, UUID id, PublishedWorkflow published) {
    try {
      return Optional.of(
          retries.ready(origin, Retries.Wish.NOTHING, id, standing.createdBy, published));
    } catch (Problem e) {
      return skipped(e);
    }
  }

  /// What a person would be told is why it cannot be retried; that the database is away passes.
  private static <T> Optional<T> skipped(Problem problem) {
    if (problem.code() == ProblemCode.UNAVAILABLE) {
      throw problem;
    }
    return Optional.empty();
  }

  /// Moves on past the portion.
  void finish(Connection connection, Standing standing, Counted counted) throws SQLException {
    try (var finish = connection.prepareStatement(FINISH)) {
      finish.setObject(1, Objects.requireNonNull(standing.portionAt).atOffset(ZoneOffset.UTC));
      finish.setInt(2, counted.started);
      finish.setInt(3, counted.skipped);
      finish.setObject(4, standing.id);
      finish.executeUpdate();
    }
  }

  Optional<Standing> read(Connection connection, UUID redrive) throws SQLException {
    try (var read = connection.prepareStatement(READ)) {
      read.setObject(1, redrive);
      try (var row = read.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        var portionAt = row.getObject(10, OffsetDateTime.class);
        return Optional.of(
            new Standing(
                redrive,
                new TenantId(row.getObject(1, UUID.class)),
                Redrives.filter(row.getString(2)),
                row.getInt(3),
                row.getInt(4) - row.getInt(5) - row.getInt(6),
                row.getObject(7, UUID.class),
                row.getObject(8, UUID.class),
                row.getObject(9, UUID.class),
                portionAt == null ? null : portionAt.toInstant(),
                row.getObject(11, OffsetDateTime.class).toInstant(),
                row.getObject(12, UUID.class),
                row.getInt(13)));
      }
    }
  }
}
