package io.claritystream.stream.materializer;

import io.claritystream.protocol.block.ChangeEvent;
import io.claritystream.stream.source.SourceRef;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Folds captured events into the read models. See the package for what becomes of them.
///
/// Safe for several threads, as long as one model is only one thread's at a time.
public final class Materializer {
  /// About how many devices, series and extras are remembered, over all models.
  private static final int REMEMBERED_MAX = 3_000_000;

  /// One model alone is forgotten beyond this.
  private static final int REMEMBERED_OF_SOURCE_MAX = 1_000_000;

  /// So many rows are keyed anew in some two and a half seconds, during which all sources of a
  /// partition stand still if ingest does it.
  static final int KEYED_ANEW_MAX = 50_000;

  private final Dictionary dictionary;
  private final SourceTables tables;
  private final int keyedAnewMax;

  /// The least recently used first.
  private final Map<Integer, SourceModel> models = new LinkedHashMap<>(64, 0.75f, true);

  /// An event that could not be folded.
  ///
  /// @param cause a short, stable word for it
  /// @param detail a sentence for people
  public record Failure(ChangeEvent event, String cause, String detail) {}

  /// @param service for the dictionaries: its own connections, each for a moment
  Materializer(DataSource service, SourceTables tables) {
    this(service, tables, KEYED_ANEW_MAX);
  }

  /// Tests need not store as many rows as are too many.
  Materializer(DataSource service, SourceTables tables, int keyedAnewMax) {
    dictionary = new Dictionary(service);
    this.tables = tables;
    this.keyedAnewMax = keyedAnewMax;
  }

  /// Folds events of one source and epoch into one of its models, in the order of their numbers,
  /// within the transaction of `connection`. Calls in one transaction see those before them. A
  /// caller that commits, rolls back, or rolls back to a savepoint before the call tells the result
  /// so.
  ///
  /// Each event is folded into a model at most once: telling repeats apart is the caller's.
  ///
  /// @param modelId one of [Models]; used by one thread at a time
  /// @param othersWait whether it keeps others from going on, so that a large table must not be
  ///     keyed anew
  /// @throws LargeTableException if that would be needed
  /// @throws SQLException as PostgreSQL gave it; the transaction or savepoint is then to be
  ///     rolled back, and nothing is remembered of the model
  public Applied apply(
      Connection connection,
      SourceRef source,
      int modelId,
      List<ChangeEvent> events,
      boolean othersWait)
      throws SQLException {
    var keyedMax = othersWait ? keyedAnewMax : Integer.MAX_VALUE;
    var failures = new ArrayList<Failure>();
    var mended = new ArrayList<Applied.Mended>();
    var live = new ArrayList<LiveUpdate>();
    var leaving = Collections.<ChangeEvent>newSetFromMap(new IdentityHashMap<>());
    var readings = 0L;
    var model = model(source, modelId);
    var done = false;
    try {
      for (var segment : Segment.of(events)) {
        var step = new Step(connection, dictionary, model, source, segment, keyedMax, failures);
        if (!step.run(false)) {
          // What was folded in memory rests on rows being new that are not.
          model = anew(source, model);
          step = new Step(connection, dictionary, model, source, segment, keyedMax, failures);
          if (!step.run(true)) {
            throw new IllegalStateException(
                "rows of source " + source.sourceId() + " have the same key");
          }
        }
        leaving.addAll(step.leaving());
        step.mended()
            .forEach(
                row -> mended.add(new Applied.Mended(row.plan().schema, row.row(), row.endSeq())));
        readings += step.readings();
        live.addAll(step.live());
      }
      done = true;
      return new Applied(model, readings, live, failures, leaving, mended);
    } finally {
      if (!done) {
        model.forgotten = true;
      }
    }
  }

  /// Whether rows that the source deletes stay in the model, of the table that an event is of.
  public boolean keepsDeletedRows(
      Connection connection, SourceRef source, int modelId, ChangeEvent event) throws SQLException {
    var plans = model(source, modelId).plans;
    plans.within(connection);
    return plans.of(source, event).modelTable.keep;
  }

  /// Counts failures of tables that [#apply] does not know of, in the connection's transaction,
  /// behind the events that were folded in it.
  ///
  /// @param failures by table: rows that came into quarantine, less those that left it otherwise
  ///     than because their table was emptied, and events that were not folded and are of none
  public void failed(
      Connection connection, SourceRef source, int modelId, Map<String, Integer> failures)
      throws SQLException {
    FailedTables.count(connection, source, modelId, failures);
  }

  /// Whoever takes over a model, be it again, begins with what is stored: others may have folded
  /// events into it in the meantime.
  public void forget(int modelId) {
    synchronized (models) {
      models.remove(modelId);
    }
  }

  private SourceModel model(SourceRef source, int modelId) {
    synchronized (models) {
      @Nullable SourceModel model = models.get(modelId);
      if (model == null || model.forgotten || model.weight > REMEMBERED_OF_SOURCE_MAX) {
        model = new SourceModel(source, modelId, dictionary, tables);
        models.put(modelId, model);
        forgetOthers(modelId);
      }
      return model;
    }
  }

  private SourceModel anew(SourceRef source, SourceModel model) {
    model.forgotten = true;
    return model(source, model.id);
  }

  /// Forgets the models that were not used for longest, until the rest fits.
  private void forgetOthers(int kept) {
    var total = 0L;
    for (var model : models.values()) {
      total += model.weight;
    }
    var eldest = models.entrySet().iterator();
    while (total > REMEMBERED_MAX && eldest.hasNext()) {
      var next = eldest.next();
      if (next.getKey() != kept) {
        total -= next.getValue().weight;
        eldest.remove();
      }
    }
  }
}
