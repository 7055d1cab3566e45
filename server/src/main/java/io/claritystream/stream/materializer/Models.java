package io.claritystream.stream.materializer;

import io.claritystream.stream.bronze.Place;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The models of the sources: `analytics.model`. They are made in short transactions of their own,
/// before the batch that begins with them, because numbers of series are handed out before it too.
public final class Models {
  private static final Logger log = LoggerFactory.getLogger(Models.class);
  private static final int ATTEMPTS_MAX = 5;

  private static final String LIVE =
      "SELECT model_id FROM analytics.model WHERE source_id = ?::uuid AND state = 'live'";

  private static final String SHOWN =
      "SELECT model_id FROM analytics.model WHERE model_id = ANY (?) AND state = 'live'";

  private static final String ADD_FIRST =
      """
      INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
        applied_epoch, applied_seq, created_at)
      VALUES (?::uuid, ?::uuid, 'live', 'first', 1, 1, 1, 0, ?)
      ON CONFLICT (source_id) WHERE state = 'live' DO NOTHING
      """;

  private static final String ADD_OF_SNAPSHOT =
      """
      INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
        applied_epoch, applied_seq, created_at)
      VALUES (?::uuid, ?::uuid, 'building', 'snapshot', ?, ?, ?, ? - 1, ?)
      ON CONFLICT (source_id, first_epoch, first_seq) WHERE purpose = 'snapshot' DO NOTHING
      """;

  private static final String OF_SNAPSHOT =
      """
      SELECT model_id FROM analytics.model
      WHERE source_id = ?::uuid AND first_epoch = ? AND first_seq = ? AND purpose = 'snapshot'
      """;

  private static final String RETIRE_UNFINISHED =
      """
      UPDATE analytics.model SET state = 'retired'
      WHERE source_id = ?::uuid AND state = 'building' AND model_id <> ?
      """;

  /// The same transaction goes on folding into the model, and its new series are numbered on
  /// another connection, with a key share of the model's row: a stronger lock than this would have
  /// ingest wait for itself.
  private static final String STATE =
      "SELECT state FROM analytics.model WHERE model_id = ? FOR NO KEY UPDATE";

  private static final String RETIRE_LIVE =
      """
      UPDATE analytics.model SET state = 'retired' WHERE source_id = ?::uuid AND state = 'live'
      """;

  private static final String SHOW = "UPDATE analytics.model SET state = 'live' WHERE model_id = ?";

  private static final String DETACH =
      """
      UPDATE analytics.model SET detached_at = ?, applied_epoch = ?, applied_seq = ?
      WHERE model_id = ? AND state = 'live'
      """;

  private static final String KEEPS =
      """
      SELECT EXISTS (SELECT FROM control.source_table_option
                     WHERE source_id = ? AND on_delete = 'keep')
      """;

  /// With what people have chosen for the source's tables, all at once, because it says what is
  /// folded of the events before the model's first one.
  private static final String OF_REBUILD =
      """
      WITH made AS (
        INSERT INTO analytics.model (tenant_id, source_id, state, purpose, first_epoch, first_seq,
          applied_epoch, applied_seq, created_at)
        SELECT tenant_id, source_id, 'building', 'rebuild', first.epoch, first.seq,
          CASE WHEN first.kept THEN 1 ELSE first.epoch END,
          CASE WHEN first.kept THEN 0 ELSE first.seq - 1 END, ?
        FROM analytics.model AS live
        CROSS JOIN LATERAL (
          SELECT coalesce(?, live.first_epoch) AS epoch, coalesce(?, live.first_seq) AS seq,
            EXISTS (SELECT FROM control.source_table_option o
                    WHERE o.source_id = live.source_id AND o.on_delete = 'keep') AS kept) AS first
        WHERE model_id = ? AND state = 'live'
        RETURNING model_id, source_id),
      tables AS (
        INSERT INTO analytics.model_table (model_id, table_name, on_delete, names_site)
        SELECT made.model_id, o.table_name, o.on_delete, false
        FROM made JOIN control.source_table_option o USING (source_id))
      SELECT model_id FROM made
      """;

  /// What a model holds before its own first event is that of tables whose deleted rows are kept,
  /// however far it has come, and wherever it is to begin.
  private static final String BEGIN_LATER =
      """
      UPDATE analytics.model m SET first_epoch = ?, first_seq = ?
      WHERE source_id = ? AND state = 'building' AND purpose = 'rebuild'
        AND (applied_epoch, applied_seq) <= (first_epoch, first_seq - 1)
        AND ARRAY(SELECT t.table_name FROM analytics.model_table t
                  WHERE t.model_id = m.model_id AND t.on_delete = 'keep' ORDER BY 1)
          = ARRAY(SELECT o.table_name FROM control.source_table_option o
                  WHERE o.source_id = m.source_id AND o.on_delete = 'keep' ORDER BY 1)
      RETURNING model_id
      """;

  private static final String OUTSET =
      """
      SELECT first_epoch, first_seq,
        ARRAY(SELECT t.table_name FROM analytics.model_table t
              WHERE t.model_id = m.model_id AND t.on_delete = 'keep')
      FROM analytics.model m WHERE model_id = ?
      """;

  /// Whoever keys a large table anew has the row for minutes, beyond the lease. It is his then, and
  /// nobody waits for it.
  private static final String CLAIM =
      """
      UPDATE analytics.model SET worker = ?, worker_until = now() + interval '30 seconds'
      WHERE model_id = (
        SELECT model_id FROM analytics.model
        WHERE model_id = ? AND (state = 'building' OR state = 'live' AND detached_at IS NOT NULL)
          AND (worker IS NULL OR worker = ? OR worker_until < now())
        FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING applied_epoch, applied_seq
      """;

  private static final String ADVANCE =
      """
      UPDATE analytics.model
      SET applied_epoch = ?, applied_seq = ?, worker_until = now() + interval '30 seconds'
      WHERE model_id = ? AND state <> 'retired' AND worker = ?
        AND applied_epoch = ? AND applied_seq = ? AND (first_epoch, first_seq - 1) = (?, ?)
      """;

  private static final String HELD =
      """
      SELECT FROM analytics.model WHERE model_id = ? AND state <> 'retired' AND worker = ?
      FOR NO KEY UPDATE
      """;

  private static final String FREEZE =
      """
      UPDATE analytics.model SET detached_at = NULL, worker = NULL, worker_until = NULL
      WHERE source_id = ? AND state = 'live' AND detached_at IS NOT NULL
      """;

  private static final String ATTACH =
      """
      UPDATE analytics.model SET detached_at = NULL, worker = NULL, worker_until = NULL
      WHERE model_id = ?
      """;

  private static final String RETIRE =
      "UPDATE analytics.model SET state = 'retired' WHERE model_id = ? AND state = 'building'";

  private static final String DETACHED =
      """
      SELECT model_id, source_id FROM analytics.model
      WHERE detached_at IS NOT NULL AND state = 'live'
      ORDER BY detached_at LIMIT 1000
      """;

  private static final String WANTED =
      """
      SELECT applied_epoch, applied_seq FROM analytics.model
      WHERE model_id = ? AND state <> 'retired'
      """;

  private final DataSource service;

  Models(DataSource service) {
    this.service = service;
  }

  /// The model that people see of a source; its first one is made here.
  public int live(SourceRef source, Instant now) throws SQLException {
    try (var connection = service.getConnection()) {
      for (var attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        var found = findLive(connection, source.sourceId());
        if (found != null) {
          return found;
        }
        try (var add = connection.prepareStatement(ADD_FIRST)) {
          add.setString(1, source.tenantId().toString());
          add.setString(2, source.sourceId().toString());
          add.setObject(3, now.atOffset(ZoneOffset.UTC));
          add.executeUpdate();
        }
      }
    }
    throw new IllegalStateException("the models of source " + source.sourceId() + " keep changing");
  }

  /// The model that people see of a source; null if it has none yet.
  public @Nullable Integer findLive(Connection connection, UUID sourceId) throws SQLException {
    try (var find = connection.prepareStatement(LIVE)) {
      find.setString(1, sourceId.toString());
      try (var rows = find.executeQuery()) {
        return rows.next() ? rows.getInt(1) : null;
      }
    }
  }

  /// Those of these models that people see.
  public Set<Integer> shown(Connection connection, Collection<Integer> models) throws SQLException {
    try (var find = connection.prepareStatement(SHOWN)) {
      find.setArray(1, connection.createArrayOf("int4", models.toArray()));
      try (var rows = find.executeQuery()) {
        var shown = new HashSet<Integer>();
        while (rows.next()) {
          shown.add(rows.getInt(1));
        }
        return shown;
      }
    }
  }

  /// The live models that have fallen behind, each with its source.
  public Map<Integer, UUID> detached(Connection connection) throws SQLException {
    try (var find = connection.prepareStatement(DETACHED);
        var rows = find.executeQuery()) {
      var detached = new LinkedHashMap<Integer, UUID>();
      while (rows.next()) {
        detached.put(rows.getInt(1), rows.getObject(2, UUID.class));
      }
      return detached;
    }
  }

  /// Whether a model is there and not retired.
  public boolean isWanted(Connection connection, int model) throws SQLException {
    try (var find = connection.prepareStatement(WANTED)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        return rows.next();
      }
    }
  }

  /// Up to which event, and with it, a model was folded from bronze.
  public Place place(Connection connection, int model) throws SQLException {
    try (var find = connection.prepareStatement(WANTED)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          throw new ModelRetiredException(model);
        }
        return new Place(rows.getInt(1), rows.getLong(2));
      }
    }
  }

  /// The model of the snapshot that begins with an event of the source's epoch; the same one
  /// however often it is asked for.
  public int ofSnapshot(SourceRef source, long firstSeq, Instant now) throws SQLException {
    try (var connection = service.getConnection();
        var add = connection.prepareStatement(ADD_OF_SNAPSHOT);
        var find = connection.prepareStatement(OF_SNAPSHOT)) {
      add.setString(1, source.tenantId().toString());
      add.setString(2, source.sourceId().toString());
      add.setInt(3, source.epoch());
      add.setLong(4, firstSeq);
      add.setInt(5, source.epoch());
      add.setLong(6, firstSeq);
      add.setObject(7, now.atOffset(ZoneOffset.UTC));
      add.executeUpdate();
      find.setString(1, source.sourceId().toString());
      find.setInt(2, source.epoch());
      find.setLong(3, firstSeq);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          throw new SQLException("the model of a snapshot went right after it was made", "40001");
        }
        return rows.getInt(1);
      }
    }
  }

  /// Whatever else was being built for the source is not wanted any more, once the transaction of
  /// `connection` commits.
  public void retireUnfinished(Connection connection, SourceRef source, int kept)
      throws SQLException {
    try (var retire = connection.prepareStatement(RETIRE_UNFINISHED)) {
      retire.setString(1, source.sourceId().toString());
      retire.setInt(2, kept);
      retire.executeUpdate();
    }
  }

  /// People see this model instead of the one before, once the transaction of `connection`
  /// commits. False: it is not being built, and nothing changes.
  public boolean show(Connection connection, SourceRef source, int model) throws SQLException {
    try (var find = connection.prepareStatement(STATE)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        var state = rows.next() ? rows.getString(1) : "gone";
        if (!state.equals("building")) {
          // A source's first snapshot is folded into what people see from its begin.
          if (!state.equals("live")) {
            log.warn(
                "model is not wanted any more and is not shown: source={} model={} state={}",
                source.sourceId(),
                model,
                state);
          }
          return false;
        }
      }
    }
    try (var retire = connection.prepareStatement(RETIRE_LIVE);
        var show = connection.prepareStatement(SHOW)) {
      retire.setString(1, source.sourceId().toString());
      retire.executeUpdate();
      show.setInt(1, model);
      show.executeUpdate();
    }
    return true;
  }

  /// The live model is not folded into any more, from behind an event on. False: it is not live.
  public boolean detach(Connection connection, int model, int epoch, long seq, Instant now)
      throws SQLException {
    try (var detach = connection.prepareStatement(DETACH)) {
      detach.setObject(1, now.atOffset(ZoneOffset.UTC));
      detach.setInt(2, epoch);
      detach.setLong(3, seq);
      detach.setInt(4, model);
      return detach.executeUpdate() == 1;
    }
  }

  /// Whether rows that are deleted stay as history in some table of the source, in models that are
  /// made from now on.
  public boolean keepsDeletedRows(UUID sourceId) throws SQLException {
    try (var connection = service.getConnection()) {
      return keepsDeletedRows(connection, sourceId);
    }
  }

  /// The same, as the transaction of `connection` sees it.
  public boolean keepsDeletedRows(Connection connection, UUID sourceId) throws SQLException {
    try (var find = connection.prepareStatement(KEEPS)) {
      find.setObject(1, sourceId);
      try (var rows = find.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    }
  }

  /// A model that is to be built in a live one's place; null if that is not live. It begins with
  /// `first`, or with the same event as the live one; but where deleted rows stay, it is to be
  /// built from all that was ever captured, see [Outset].
  public @Nullable Integer ofRebuild(
      Connection connection, int live, @Nullable Place first, Instant now) throws SQLException {
    try (var add = connection.prepareStatement(OF_REBUILD)) {
      add.setObject(1, now.atOffset(ZoneOffset.UTC));
      add.setObject(2, first == null ? null : first.epoch(), Types.INTEGER);
      add.setObject(3, first == null ? null : first.seq(), Types.BIGINT);
      add.setInt(4, live);
      try (var rows = add.executeQuery()) {
        return rows.next() ? rows.getInt(1) : null;
      }
    }
  }

  /// Takes the lease on following with a model, and says up to which event it was folded; null if
  /// another process holds it, or the model is not wanted any more. The lease ends half a minute
  /// after the last step.
  public @Nullable Place claim(Connection connection, int model, UUID worker) throws SQLException {
    try (var claim = connection.prepareStatement(CLAIM)) {
      claim.setObject(1, worker);
      claim.setInt(2, model);
      claim.setObject(3, worker);
      try (var rows = claim.executeQuery()) {
        return rows.next() ? new Place(rows.getInt(1), rows.getLong(2)) : null;
      }
    }
  }

  /// Where a model begins.
  ///
  /// @param lastBefore the place before its first event: that of the newest snapshot. All tables
  ///     begin there, but for
  /// @param kept those whose deleted rows stay: a snapshot does not hold them
  public record Outset(Place lastBefore, Set<String> kept) {
    public Outset {
      kept = Set.copyOf(kept);
    }
  }

  public Outset outset(Connection connection, int model) throws SQLException {
    try (var find = connection.prepareStatement(OUTSET)) {
      find.setInt(1, model);
      try (var rows = find.executeQuery()) {
        if (!rows.next()) {
          throw new ModelRetiredException(model);
        }
        return new Outset(
            new Place(rows.getInt(1), rows.getLong(2) - 1),
            Set.of((String[]) rows.getArray(3).getArray()));
      }
    }
  }

  /// Whether the lease is held still, and nobody can take it before the transaction of `connection`
  /// ends.
  public boolean isHeld(Connection connection, int model, UUID worker) throws SQLException {
    try (var find = connection.prepareStatement(HELD)) {
      find.setInt(1, model);
      find.setObject(2, worker);
      try (var rows = find.executeQuery()) {
        return rows.next();
      }
    }
  }

  /// People see the live model as it is until another takes its place: if it had fallen behind, it
  /// is not followed with any more.
  public void freeze(Connection connection, UUID sourceId) throws SQLException {
    try (var freeze = connection.prepareStatement(FREEZE)) {
      freeze.setObject(1, sourceId);
      freeze.executeUpdate();
    }
  }

  /// The model that a rebuild is making begins with another snapshot, which has begun since, and
  /// goes on with what it carries over; null, and nothing changes, if there is none, if it holds
  /// some of the snapshot before already, or if people have chosen otherwise since.
  public @Nullable Integer beginLater(Connection connection, UUID sourceId, Place first)
      throws SQLException {
    try (var update = connection.prepareStatement(BEGIN_LATER)) {
      update.setInt(1, first.epoch());
      update.setLong(2, first.seq());
      update.setObject(3, sourceId);
      try (var rows = update.executeQuery()) {
        return rows.next() ? rows.getInt(1) : null;
      }
    }
  }

  /// A step of the lease's holder. False: it is not the holder any more, or was elsewhere, or the
  /// model is to begin elsewhere.
  public boolean advance(
      Connection connection, int model, UUID worker, Outset outset, Place from, Place to)
      throws SQLException {
    try (var advance = connection.prepareStatement(ADVANCE)) {
      advance.setInt(1, to.epoch());
      advance.setLong(2, to.seq());
      advance.setInt(3, model);
      advance.setObject(4, worker);
      advance.setInt(5, from.epoch());
      advance.setLong(6, from.seq());
      advance.setInt(7, outset.lastBefore().epoch());
      advance.setLong(8, outset.lastBefore().seq());
      return advance.executeUpdate() == 1;
    }
  }

  /// The model is folded into again as events come, and nobody follows with it.
  public void attach(Connection connection, int model) throws SQLException {
    try (var attach = connection.prepareStatement(ATTACH)) {
      attach.setInt(1, model);
      attach.executeUpdate();
    }
  }

  /// A model that is being built is not wanted any more.
  public void retire(Connection connection, int model) throws SQLException {
    try (var retire = connection.prepareStatement(RETIRE)) {
      retire.setInt(1, model);
      retire.executeUpdate();
    }
  }
}
